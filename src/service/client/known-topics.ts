import { BusbarError } from '../../errors.js';
import { settlesBefore } from '../deadline.js';
import type { ClientTopics } from './client-topics.js';

/** Longest wait for the broker's answer, in ms; then the queue, which has a deadline, waits for it instead. */
const ASK_MS = 3_000;

/**
 * Which topics are there, so that a wrong name is told at once and not at the delivery deadline. Calls for one topic wait for
 * the same promise and so go on in their order.
 */
export class KnownTopics {
  readonly #topics: ClientTopics;
  readonly #known = new Map<string, Promise<void>>();

  constructor(topics: ClientTopics) {
    this.#topics = topics;
  }

  /** Rejects `TOPIC_MISSING` with the way out, unless it may be created: then it is. */
  there(name: string, { create = false }: { readonly create?: boolean } = {}): Promise<void> {
    let known = this.#known.get(name);
    if (known === undefined) {
      known = this.#ask(name, create);
      this.#known.set(name, known);
      known.catch(() => this.forget(name));
    }
    return known;
  }

  /** Asks again the next time. */
  forget(name: string): void {
    this.#known.delete(name);
  }

  async #ask(name: string, create: boolean): Promise<void> {
    const asked = this.#topics.exists(name);
    const answered = await settlesBefore(asked, Date.now() + ASK_MS);
    try {
      if (!answered) this.forget(name);
      else if (!(await asked)) await this.#missing(name, create);
    } catch (error) {
      if (!(error instanceof BusbarError && error.retriable)) throw error;
      this.forget(name); // the queue waits until the broker is there again
    }
  }

  async #missing(name: string, create: boolean): Promise<void> {
    if (!create) throw await this.#topics.missing(name);
    await this.#topics.create(name, {});
  }
}
