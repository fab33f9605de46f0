import { BusbarError } from '../errors.js';
import type { Contract, Direction, EventClass, Upcast } from './contract.js';
import type { EventDefinition } from './definition.js';
import { jsonViolation, typeNameOf, type Violation } from './json-value.js';
import { compilePlan, type ValidationPlan } from './validation-plan.js';
import { violationsOf } from './violations.js';

/** The contract of a class whose definition was found to be right. */
export class EventContract<E extends object> implements Contract<E> {
  readonly eventClass: EventClass<E>;
  readonly name: string;
  readonly version: number;
  readonly topic: string;
  readonly direction: Direction;
  readonly upcast: Upcast | undefined;
  readonly fields: readonly string[];
  readonly #key: string | ((event: E) => string) | undefined;
  readonly #prototype: object;
  readonly #known: ReadonlySet<string>;
  readonly #obeysRules: ValidationPlan;

  constructor(eventClass: EventClass<E>, definition: EventDefinition, fields: readonly string[]) {
    this.eventClass = eventClass;
    this.name = definition.name;
    this.version = definition.version ?? 1;
    this.topic = definition.topic;
    this.direction = definition.direction ?? 'both';
    this.upcast = definition.upcast;
    this.fields = fields;
    this.#key = definition.key as string | ((event: E) => string) | undefined;
    this.#prototype = eventClass.prototype as object;
    this.#known = new Set(fields);
    this.#obeysRules = compilePlan(eventClass);
  }

  get isKeyed(): boolean {
    return this.#key !== undefined;
  }

  keyOf(event: E): string | undefined {
    if (this.#key === undefined) return undefined;
    return typeof this.#key === 'string' ? (event as Record<string, string>)[this.#key] : this.#key(event);
  }

  validate(event: E): void {
    let found = 0;
    // Names and values at once: reading a value by its name takes several times as long outside of such a loop.
    for (const name in event) {
      // Nearly every event has its fields in the order of their declaration.
      if (name === this.fields[found] || this.#known.has(name)) {
        found++;
        if (!isJson(event[name], name)) return this.#refuse(event);
      } else if (Object.hasOwn(event, name)) return this.#refuse(event);
    }
    if (found !== this.fields.length) {
      for (const name of this.fields) if (!isJson((event as Record<string, unknown>)[name], name)) return this.#refuse(event);
    }
    try {
      if (this.#obeysRules(event)) return;
    } catch (error) {
      if (error instanceof BusbarError) throw error;
      throw new BusbarError('EVENT_INVALID', `${this.name} version ${this.version}: a rule threw`, { cause: error });
    }
    this.#refuse(event);
  }

  toData(event: E): Record<string, unknown> {
    const data: Record<string, unknown> = {};
    for (const name of this.fields) {
      const value = (event as Record<string, unknown>)[name];
      if (value !== undefined) data[name] = value;
    }
    return data;
  }

  fromData(data: unknown, version: number): E {
    const current = version === this.version ? this.#checked(data) : this.#upcasted(this.#checked(data), version);
    // The constructor does not run: it belongs to whoever makes an event, not to whoever reads one.
    const event = Object.create(this.#prototype) as E;
    for (const name of this.fields) {
      if (!Object.hasOwn(current, name)) continue;
      const value = current[name];
      if (value !== undefined) (event as Record<string, unknown>)[name] = value;
    }
    this.validate(event);
    return event;
  }

  #checked(data: unknown): Record<string, unknown> {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      throw this.#invalid([{ path: 'data', rule: 'json', message: `must be an object (is ${typeNameOf(data)})` }]);
    }
    if (Object.hasOwn(data, '__proto__')) {
      throw this.#invalid([{ path: 'data', rule: 'json', message: 'must not have a property named __proto__' }]);
    }
    return data as Record<string, unknown>;
  }

  #upcasted(data: Record<string, unknown>, version: number): Record<string, unknown> {
    if (version > this.version || this.upcast === undefined) {
      const why = version > this.version ? 'it is newer' : 'the class has no upcast';
      throw new BusbarError('VERSION_UNSUPPORTED', `${this.name} version ${version} cannot be read as version ${this.version}: ${why}`);
    }
    const found = jsonViolation(data, 'data');
    if (found !== undefined) throw this.#invalid([found]);
    try {
      return this.#checked(this.upcast(data, version));
    } catch (error) {
      throw new BusbarError('EVENT_INVALID', `${this.name} version ${version} could not be upcast to version ${this.version}`, {
        cause: error,
      });
    }
  }

  #refuse(event: E): void {
    const unknown = Object.keys(event).filter((name) => !this.#known.has(name));
    const unreadable = this.fields.map((name) => jsonViolation((event as Record<string, unknown>)[name], name));
    const violations = [
      ...unknown.map((path) => ({ path, rule: 'declared', message: 'is no declared field of the event' })),
      ...unreadable.filter((found) => found !== undefined),
      ...violationsOf(event, this.eventClass),
    ];
    // A rule that changed its mind: class-validator has the last word.
    if (violations.length > 0) throw this.#invalid(violations);
  }

  #invalid(violations: readonly Violation[]): BusbarError {
    return new EventInvalidError(`${this.name} version ${this.version}`, violations);
  }
}

/** Strings are the most common fields by far and need no look inside. */
function isJson(value: unknown, name: string): boolean {
  return typeof value === 'string' || jsonViolation(value, name) === undefined;
}

/** Of thousands of undeclared fields, and of their names, so much is told. */
const MOST_TOLD = 20;
const LONGEST_PATH = 200;

/** `EVENT_INVALID` with everything that is wrong. Values are never part of it: they may be secrets. */
export class EventInvalidError extends BusbarError {
  readonly violations: readonly Violation[];

  constructor(what: string, violations: readonly Violation[]) {
    const told = violations.slice(0, MOST_TOLD).map(({ path, message }) => `${path.slice(0, LONGEST_PATH)} ${message}`);
    const more = violations.length - told.length;
    super('EVENT_INVALID', `${what}: ${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}`);
    this.violations = violations;
  }
}
