import { insteadOf } from '../config/nearest.js';
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

/** One thing that keeps a class from being carried. */
export interface DefinitionProblem {
  /** The option or field, and what is wrong with it. */
  readonly what: string;
  readonly fix: string;
}

/** Everything that keeps a class from being carried as it is written. */
export function problemsOf(eventClass: EventClass, definition: EventDefinition): DefinitionProblem[] {
  const fields = declaredFields(eventClass);
  return [
    ...optionProblems(definition, fields),
    ...ruleProblems(eventClass),
    ...accessorProblems(eventClass),
    ...privateProblems(eventClass),
    ...instanceProblems(eventClass, fields),
  ];
}

function* optionProblems(definition: EventDefinition, fields: readonly string[]): Generator<DefinitionProblem> {
  const { name, version, topic, key, direction, upcast } = definition;
  for (const option of Object.keys(definition)) {
    if (!OPTIONS.includes(option)) yield { what: `${option} is no option of @DomainEvent`, fix: insteadOf(option, OPTIONS) };
  }
  if (typeof name !== 'string' || !NAME.test(name) || name.length > MAX_NAME_LENGTH) {
    yield { what: `the name ${show(name)} is not allowed`, fix: 'use lower-case words joined by "_", "-" or ".", such as decision_made' };
  }
  if (version !== undefined && (!Number.isSafeInteger(version) || version < 1)) {
    yield { what: `the version ${show(version)} is not allowed`, fix: 'use 1, 2, 3, …' };
  }
  if (typeof topic !== 'string' || !TOPIC.test(topic)) {
    yield { what: `the topic ${show(topic)} is not allowed by Kafka`, fix: 'use 1 to 249 letters, digits, ".", "_" and "-"' };
  }
  if (typeof key === 'string' && !fields.includes(key)) {
    yield { what: `the key ${show(key)} is no declared field`, fix: `name one of ${fields.join(', ') || 'its fields'}` };
  } else if (!['string', 'function', 'undefined'].includes(typeof key)) {
    yield { what: 'the key is neither the name of a field nor a function', fix: 'name a field, or give a function of the event' };
  }
  if (direction !== undefined && !DIRECTIONS.includes(direction)) {
    yield { what: `the direction ${show(direction)} does not exist`, fix: `use ${DIRECTIONS.join(', ')}` };
  }
  if (upcast !== undefined && typeof upcast !== 'function')
    yield { what: 'upcast is no function', fix: 'give a function of the data and its version' };
}

function* ruleProblems(eventClass: EventClass): Generator<DefinitionProblem> {
  for (const rule of rulesOf(eventClass)) {
    const field = rule.propertyName;
    const name = rule.name ?? rule.type;
    if (name === 'isDate')
      yield { what: `${field} is a Date, which JSON cannot carry`, fix: 'declare a string with @IsISO8601() or a number of milliseconds' };
    if (name === 'nestedValidation' || name === 'isInstance') {
      yield {
        what: `${field} is an instance of a class, which JSON cannot carry`,
        fix: 'declare a plain object with @IsObject(), or its parts as fields',
      };
    }
    if (name === 'promiseValidation')
      yield { what: `${field} is a promise, which JSON cannot carry`, fix: 'await it before the event is made' };
    if (constraintsOf(rule).some(({ async }) => async)) {
      yield {
        what: `${field} has the asynchronous rule ${name}, but events are validated synchronously`,
        fix: 'check it before the event is made',
      };
    }
  }
  for (const field of declaredFields(eventClass)) {
    if (RESERVED_FIELDS.includes(field)) yield { what: `${field} cannot be the name of a field`, fix: 'rename it' };
    const type = emittedType(eventClass, field);
    if (type !== undefined)
      yield { what: `${field} is declared as ${type.name}, which JSON cannot carry`, fix: 'declare a JSON value instead' };
  }
}

/** With emitDecoratorMetadata the compiler tells the type of a field; only a class of its own or Date matters. */
function emittedType(eventClass: EventClass, field: string): { readonly name: string } | undefined {
  const { getMetadata } = Reflect as { getMetadata?: (key: string, target: object, property: string) => unknown };
  const type = getMetadata?.('design:type', eventClass.prototype as object, field);
  if (typeof type !== 'function' || [String, Number, Boolean, Array, Object].includes(type as StringConstructor)) return undefined;
  return type;
}

function* accessorProblems(eventClass: EventClass): Generator<DefinitionProblem> {
  for (const prototype of prototypesOf(eventClass)) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (!('value' in descriptor)) yield { what: `${name} is an accessor, which is not carried`, fix: 'make it a field or a method' };
    }
  }
}

/** Private names show nowhere but in the source text. */
function* privateProblems(eventClass: EventClass): Generator<DefinitionProblem> {
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
  for (const name of found) yield { what: `${name} is private to the class and lost on the way`, fix: 'make it a declared field' };
}

/** What an instance that was given nothing already has: initialisers, and fields that no decorator declares. */
function* instanceProblems(eventClass: EventClass, fields: readonly string[]): Generator<DefinitionProblem> {
  const init = {};
  let instance: object;
  try {
    instance = new (eventClass as new (init: object) => object)(init);
  } catch {
    // A constructor that insists on its data shows nothing here; what an event has beside its fields is refused when it is published.
    return;
  }
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(instance))) {
    if (!('value' in descriptor)) yield { what: `${name} is an accessor, which is not carried`, fix: 'make it a field or a method' };
    else if (!fields.includes(name))
      yield { what: `${name} is not declared`, fix: 'give it a decorator of class-validator, @Allow() if any JSON value will do' };
    else if (descriptor.value !== undefined && descriptor.value !== init)
      yield { what: `${name} has an initialiser, which does not run for events that are read`, fix: 'pass it to the constructor' };
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
