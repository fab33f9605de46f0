import type { KafkaJsAdmin } from './admin.js';

const MAX_AGE_MS = 60_000;

interface Known {
  readonly count: number;
  readonly at: number;
}

/** Remembers how many partitions topics have. */
export class TopicPartitions {
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<number>>();

  constructor(private readonly admin: KafkaJsAdmin) {}

  /** Rejects `TOPIC_MISSING`. */
  count(topic: string): Promise<number> {
    const known = this.#known.get(topic);
    if (known !== undefined && Date.now() - known.at < MAX_AGE_MS) return Promise.resolve(known.count);
    const asking = this.#ask(topic);
    // Counts only ever grow, so an old one serves while a new one is fetched.
    if (known === undefined) return asking;
    this.#known.set(topic, { count: known.count, at: Date.now() });
    asking.catch(() => undefined);
    return Promise.resolve(known.count);
  }

  /** Asks again at the next call. */
  forget(topic: string): void {
    this.#known.delete(topic);
  }

  #ask(topic: string): Promise<number> {
    const running = this.#asking.get(topic);
    if (running !== undefined) return running;
    const asking = this.admin
      .countPartitions(topic)
      .then((count) => {
        this.#known.set(topic, { count, at: Date.now() });
        return count;
      })
      .finally(() => this.#asking.delete(topic));
    this.#asking.set(topic, asking);
    return asking;
  }
}
