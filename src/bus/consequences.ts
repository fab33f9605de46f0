import type { EventMetadata } from '../event/envelope.js';
import { uuidv5 } from '../event/uuid.js';

/**
 * What is published because of one event that came in from outside. When it comes in again, after a crash, the same
 * events published in the same order have the same ids; and it has not been heard before all of them are settled.
 */
export class Consequences {
  readonly #service: string;
  readonly #cause: EventMetadata;
  readonly #underWay = new Set<Promise<unknown>>();
  #ordinals: Map<string, number> | undefined;

  constructor(service: string, cause: EventMetadata) {
    this.#service = service;
    this.#cause = cause;
  }

  /** The id of the next event of this name. */
  nextId(name: string): string {
    this.#ordinals ??= new Map();
    const ordinal = this.#ordinals.get(name) ?? 0;
    this.#ordinals.set(name, ordinal + 1);
    return uuidv5(this.#service, this.#cause.source, this.#cause.id, name, String(ordinal));
  }

  /** What follows from one of these in turn: its id is the same each time, too. */
  of(cause: EventMetadata): Consequences {
    return new Consequences(this.#service, cause);
  }

  /** A publication that has begun; whoever published it hears of its failure. */
  follow(publication: Promise<unknown>): void {
    this.#underWay.add(publication);
    const forget = (): void => void this.#underWay.delete(publication);
    publication.then(forget, forget);
  }

  get areUnderWay(): boolean {
    return this.#underWay.size > 0;
  }

  /** Resolves when no publication is under way, however they ended. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }
}
