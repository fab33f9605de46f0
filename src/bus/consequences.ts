import { DerivedIds } from '../event/derived-ids.js';
import type { EventMetadata } from '../event/envelope.js';
import { Publications } from './publications.js';

/**
 * What is published because of one event that came in from outside. When it comes in again, after a crash, the same
 * events published in the same order have the same ids; and it has not been heard before all of them are settled.
 */
export class Consequences extends Publications {
  readonly #service: string;
  readonly #cause: EventMetadata;
  #ids: DerivedIds | undefined;

  constructor(service: string, cause: EventMetadata) {
    super();
    this.#service = service;
    this.#cause = cause;
  }

  /** The id of the next event of this name. */
  nextId(name: string): string {
    this.#ids ??= new DerivedIds(this.#service, this.#cause);
    return this.#ids.next(name);
  }

  /** What follows from one of these in turn: its id is the same each time, too. */
  of(cause: EventMetadata): Consequences {
    return new Consequences(this.#service, cause);
  }
}
