import type { EventClass } from './contract.js';
import type { EventDefinition } from './definition.js';
import { constraintsOf, rulesOf } from './validation-plan.js';

const OPTIONS: readonly string[] = ['name', 'version', 'topic', 'key', 'direction', 'upcast'] satisfies (keyof EventDefinition)[];
const NAME = /^[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*$/;
const MAX_NAME_LENGTH = 200;
/** What Kafka allows (`org.apache.kafka.common.internals.Topic`). */
const TOPIC = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/;
const DIRECTIONS: readonly unknown[] = ['out', 'in', 'both', 'local'];
/** They mean something to every object. */
const RESERVED_FIELDS = ['__proto__', 'constructor', 'prototype', 'toJSON'];

/** Declared fields: the properties with a decorator of class-validator, own and inherited. */
export function declaredFields(eventClass: EventClass): string[] {
  return [...new Set(rulesOf(eventClass).map(({ propertyName }) => propertyName))];
}

/** Everything that keeps a class from being carried as it is written: a sentence each, with class, field, reason and fix. */
export function problemsOf(eventClass: EventClass, definition: EventDefinition): string[] {
  const fields = declaredFields(eventClass);
  const problems = [
    ...optionProblems(definition, fields),
    ...ruleProblems(eventClass),
    ...accessorProblems(eventClass),
    ...privateProblems(eventClass),
    ...instanceProblems(eventClass, fields),
  ];
  return problems.map((problem) => `${eventClass.name}: ${problem}`);
}

function* optionProblems(definition: EventDefinition, fields: readonly string[]): Generator<string> {
  const { name, version, topic, key, direction, upcast } = definition;
  for (const option of Object.keys(definition)) {
    if (!OPTIONS.includes(option)) yield `${option} is no option of @DomainEvent: use ${OPTIONS.join(', ')}`;
  }
  if (typeof name !== 'string' || !NAME.test(name) || name.length > MAX_NAME_LENGTH) {
    yield `the name ${show(name)} is not allowed: use lower-case words joined by "_", "-" or ".", such as decision_made`;
  }
  if (version !== undefined && (!Number.isSafeInteger(version) || version < 1)) {
    yield `the version ${show(version)} is not allowed: use 1, 2, 3, …`;
  }
  if (typeof topic !== 'string' || !TOPIC.test(topic)) {
    yield `the topic ${show(topic)} is not allowed by Kafka: use 1 to 249 letters, digits, ".", "_" and "-"`;
  }
  if (typeof key === 'string' && !fields.includes(key)) {
    yield `the key ${show(key)} is no declared field: name one of ${fields.join(', ') || 'its fields'}`;
  } else if (!['string', 'function', 'undefined'].includes(typeof key)) {
    yield 'the key must be the name of a field or a function of the event';
  }
  if (direction !== undefined && !DIRECTIONS.includes(direction)) {
    yield `the direction ${show(direction)} does not exist: use ${DIRECTIONS.join(', ')}`;
  }
  if (upcast !== undefined && typeof upcast !== 'function') yield 'upcast must be a function of the data and its version';
}

function* ruleProblems(eventClass: EventClass): Generator<string> {
  for (const rule of rulesOf(eventClass)) {
    const field = rule.propertyName;
    const name = rule.name ?? rule.type;
    if (name === 'isDate')
      yield `${field} is a Date, which JSON cannot carry: declare a string with @IsISO8601() or a number of milliseconds`;
    if (name === 'nestedValidation' || name === 'isInstance') {
      yield `${field} is an instance of a class, which JSON cannot carry: declare a plain object with @IsObject(), or its parts as fields`;
    }
    if (name === 'promiseValidation') yield `${field} is a promise, which JSON cannot carry: await it before the event is made`;
    if (constraintsOf(rule).some(({ async }) => async)) {
      yield `${field} has the asynchronous rule ${name}, but events are validated synchronously: check it before the event is made`;
    }
  }
  for (const field of declaredFields(eventClass)) {
    if (RESERVED_FIELDS.includes(field)) yield `${field} cannot be the name of a field: rename it`;
    const type = emittedType(eventClass, field);
    if (type !== undefined) yield `${field} is declared as ${type.name}, which JSON cannot carry: declare a JSON value instead`;
  }
}

/** With emitDecoratorMetadata the compiler tells the type of a field; only a class of its own or Date matters. */
function emittedType(eventClass: EventClass, field: string): { readonly name: string } | undefined {
  const { getMetadata } = Reflect as { getMetadata?: (key: string, target: object, property: string) => unknown };
  const type = getMetadata?.('design:type', eventClass.prototype as object, field);
  if (typeof type !== 'function' || [String, Number, Boolean, Array, Object].includes(type as StringConstructor)) return undefined;
  return type;
}

function* accessorProblems(eventClass: EventClass): Generator<string> {
  for (const prototype of prototypesOf(eventClass)) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (!('value' in descriptor)) yield `${name} is an accessor, which is not carried: make it a field or a method`;
    }
  }
}

/** Private names show nowhere but in the source text. */
function* privateProblems(eventClass: EventClass): Generator<string> {
  const found = new Set<string>();
  for (const { constructor } of prototypesOf(eventClass)) {
    const source = Function.prototype.toString
      .call(constructor)
      .replace(/\/\*[^]*?\*\/|\/\/.*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g, '');
    for (const [, name] of source.matchAll(
      /(?<=[{};\n]\s*(?:(?:get|set|async|\*)\s+)?)(#[\p{ID_Start}$_][\p{ID_Continue}$]*)\s*[=;(\n}]/gu,
    ))
      found.add(name as string);
  }
  for (const name of found) yield `${name} is private to the class and lost on the way: make it a declared field`;
}

/** What an instance that was given nothing already has: initialisers, and fields that no decorator declares. */
function* instanceProblems(eventClass: EventClass, fields: readonly string[]): Generator<string> {
  const init = {};
  let instance: object;
  try {
    instance = new (eventClass as new (init: object) => object)(init);
  } catch {
    // A constructor that insists on its data shows nothing here; what an event has beside its fields is refused when it is published.
    return;
  }
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(instance))) {
    if (!('value' in descriptor)) yield `${name} is an accessor, which is not carried: make it a field or a method`;
    else if (!fields.includes(name))
      yield `${name} is not declared: give it a decorator of class-validator, @Allow() if any JSON value will do`;
    else if (descriptor.value !== undefined && descriptor.value !== init)
      yield `${name} has an initialiser, which does not run for events that are read: pass it to the constructor`;
  }
}

function prototypesOf(eventClass: EventClass): object[] {
  const prototypes: object[] = [];
  let prototype = eventClass.prototype as object | null;
  while (prototype !== null && prototype !== Object.prototype) {
    prototypes.push(prototype);
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return prototypes;
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
