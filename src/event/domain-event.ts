import type { DomainEventOptions, EventClass } from './contract.js';
import { define, type EventDefinition } from './definition.js';

type Keyless = Omit<DomainEventOptions<object>, 'key'> & { readonly key?: undefined };
type KeyedByFunction<E extends object> = Omit<DomainEventOptions<E>, 'key'> & { readonly key: (event: E) => string };
type KeyedByField<K extends string> = Omit<DomainEventOptions<object>, 'key'> & { readonly key?: K | undefined };

/**
 * Makes a class an event: says what it is called on the wire, where it travels and what keeps it in order.
 *
 * `key` names a field that is always a string, which the compiler checks, or is a function of the event. Events of one
 * key stay in order; without a key there is no order.
 *
 * The fields of the event are the properties that have a decorator of class-validator, `@Allow()` at least: a property
 * without one cannot be known and is neither written nor read. It is refused when an instance shows it: at registration
 * if the compiler defines class fields, else when such an event is published. Fields hold JSON values.
 *
 * The decorator itself never throws. What cannot be carried is reported with `EVENT_DEFINITION`, everything together,
 * when the class is registered or first used.
 */
export function DomainEvent(options: Keyless): (eventClass: EventClass) => void;
export function DomainEvent<E extends object>(options: KeyedByFunction<E>): (eventClass: EventClass<E>) => void;
// The last one, and right without a key too: what the compiler says of a mistake in the options it says of this.
export function DomainEvent<K extends string = never>(
  options: KeyedByField<K>,
): <E extends Readonly<Record<K, string>>>(eventClass: EventClass<E>) => void;
export function DomainEvent(options: EventDefinition): (eventClass: EventClass) => void {
  return (eventClass) => define(eventClass, options);
}
