import type { EventClass } from '../event/contract.js';
import type { Handler } from './event-context.js';

/** A subscription. */
export interface Listener {
  readonly name: string;
  readonly handler: Handler<object>;
  readonly priority: number;
  readonly once: boolean;
  /** False once it is unsubscribed: then it hears nothing more, not even of a hearing that has begun. */
  active: boolean;
}

const NOBODY: readonly Listener[] = [];

/** Who listens to which class, those of higher priority first, those of the same in the order in which they subscribed. */
export class Listeners {
  // Replaced and never changed: a hearing goes through the list that it began with.
  readonly #byClass = new Map<EventClass, readonly Listener[]>();

  /** Returns the unsubscriber. */
  add(eventClass: EventClass, listener: Listener): () => void {
    // The sort is stable.
    this.#replace(
      eventClass,
      [...this.#of(eventClass), listener].sort((one, other) => other.priority - one.priority),
    );
    return () => {
      listener.active = false;
      this.#replace(
        eventClass,
        this.#of(eventClass).filter((other) => other !== listener),
      );
    };
  }

  /** Those who hear the next event of the class; listeners for one event are taken off the list. */
  take(eventClass: EventClass): readonly Listener[] {
    const listeners = this.#of(eventClass);
    for (const listener of listeners) {
      if (!listener.once) continue;
      this.#replace(
        eventClass,
        listeners.filter(({ once }) => !once),
      );
      break;
    }
    return listeners;
  }

  has(eventClass: EventClass): boolean {
    return this.#byClass.has(eventClass);
  }

  #of(eventClass: EventClass): readonly Listener[] {
    return this.#byClass.get(eventClass) ?? NOBODY;
  }

  #replace(eventClass: EventClass, listeners: readonly Listener[]): void {
    if (listeners.length > 0) this.#byClass.set(eventClass, listeners);
    else this.#byClass.delete(eventClass);
  }
}
