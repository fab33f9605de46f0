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
  if (problems.length > 0) throw new BusbarError('EVENT_DEFINITION', problems.join('\n'));
  const contract = new EventContract(eventClass, definition, declaredFields(eventClass));
  contracts.set(eventClass, contract);
  return contract;
}

/** The contract of an instance, by its class. Throws as `contractOf`. */
export function contractOfEvent<E extends object>(event: E): Contract<E> {
  // Not `event.constructor`: what came from outside may have an own property of that name.
  const prototype = typeof event === 'object' && event !== null ? (Object.getPrototypeOf(event) as object | null) : undefined;
  return contractOf((prototype?.constructor ?? Object) as unknown as EventClass<E>);
}

function notAnEvent(eventClass: unknown): BusbarError {
  const name = typeof eventClass === 'function' ? eventClass.name : String(eventClass);
  return new BusbarError('NOT_AN_EVENT', `${name} is no event: decorate the class itself with @DomainEvent({ name, topic, … })`);
}
