import type { DomainEventOptions, EventClass } from './contract.js';

/** What `@DomainEvent` was given, as any event class has it: which field may be the key is checked where it is applied. */
export type EventDefinition = Omit<DomainEventOptions<object>, 'key'> & {
  readonly key?: string | ((event: never) => string) | undefined;
};

const definitions = new WeakMap<EventClass, EventDefinition>();

export function define(eventClass: EventClass, definition: EventDefinition): void {
  definitions.set(eventClass, definition);
}

/** Of this very class: a subclass of an event is another event and needs a name of its own. */
export function definitionOf(eventClass: EventClass): EventDefinition | undefined {
  return definitions.get(eventClass);
}
