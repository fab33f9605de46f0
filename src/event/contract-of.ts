import { BusbarError } from '../errors.js';
import type { Contract, EventClass } from './contract.js';
import { definitionOf } from './definition.js';
import { declaredFields, problemsOf } from './definition-probe.js';
import { EventContract } from './event-contract.js';

const contracts = new WeakMap<EventClass, Contract>();

/**
 * The contract of an event class; made once. Throws `NOT_AN_EVENT` for a class without `@DomainEvent` of its own, and
 * `EVENT_DEFINITION` with everything that keeps the class from being carried.
 */
export function contractOf<E extends object>(eventClass: EventClass<E>): Contract<E> {
  const known = contracts.get(eventClass);
  if (known !== undefined) return known as Contract<E>;
  const definition = definitionOf(eventClass);
  if (definition === undefined) throw notAnEvent(eventClass);
  const problems = problemsOf(eventClass, definition);
  if (problems.length > 0)
    throw new BusbarError('EVENT_DEFINITION', problems.map(({ what, fix }) => `${eventClass.name}: ${what}: ${fix}`).join('\n'));
  const contract = new EventContract(eventClass, definition, declaredFields(eventClass));
  contracts.set(eventClass, contract);
  return contract;
}

/** The contract of an instance, by its class. Throws as `contractOf`. */
export function contractOfEvent<E extends object>(event: E): Contract<E> {
  // Not `event.constructor`: what came from outside may have an own property of that name.
  const prototype = typeof event === 'object' && event !== null ? (Object.getPrototypeOf(event) as object | null) : undefined;
  const eventClass = prototype?.constructor ?? Object;
  if (eventClass === Object) throw notAnInstance(event);
  return contractOf(eventClass as unknown as EventClass<E>);
}

/** Names what was given, never its value. */
function notAnInstance(given: unknown): BusbarError {
  const object = given === null ? 'null' : 'a plain object';
  const what = typeof given === 'function' ? `the class ${given.name}` : typeof given === 'object' ? object : typeof given;
  return new BusbarError('NOT_AN_EVENT', `${what} is no event: give an instance of a class with @DomainEvent, e.g. new OrderPlaced({ … })`);
}

function notAnEvent(eventClass: unknown): BusbarError {
  const name = typeof eventClass === 'function' ? eventClass.name : String(eventClass);
  return new BusbarError('NOT_AN_EVENT', `${name} is no event: decorate the class itself with @DomainEvent({ name, topic, … })`);
}
