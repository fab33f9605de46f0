import type { EventMetadata } from './envelope.js';
import { uuidv5 } from './uuid.js';

/**
 * Ids of the events that follow from one: UUIDv5 of who publishes them, the cause's source and id, the event's name, and
 * its number among those of that name. The same events in the same order have the same ids each time the cause comes.
 */
export class DerivedIds {
  readonly #owner: string;
  readonly #cause: EventMetadata;
  readonly #ordinals = new Map<string, number>();

  /** `owner`: the consumer group of a processor, or the service of a listener. */
  constructor(owner: string, cause: EventMetadata) {
    this.#owner = owner;
    this.#cause = cause;
  }

  /** The id of the next event of this name. */
  next(name: string): string {
    const ordinal = this.#ordinals.get(name) ?? 0;
    this.#ordinals.set(name, ordinal + 1);
    return uuidv5(this.#owner, this.#cause.source, this.#cause.id, name, String(ordinal));
  }
}
