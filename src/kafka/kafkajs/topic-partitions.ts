import { BusbarError } from '../../errors.js';
import type { KafkaJsAdmin } from './admin.js';

interface Known {
  readonly count: number;
  readonly at: number;
}

/** Remembers for a while how many partitions topics have. */
export class TopicPartitions {
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<number>>();

  constructor(
    private readonly admin: KafkaJsAdmin,
    private readonly maxAgeMs: number,
  ) {}

  /** Rejects `TOPIC_MISSING`. */
  count(topic: string): Promise<number> {
    const known = this.#known.get(topic);
    if (known !== undefined && Date.now() - known.at < this.maxAgeMs) return Promise.resolve(known.count);
    return this.#ask(topic);
  }

  /** Asks the cluster; false only when it says so. */
  async has(topic: string, partition: number): Promise<boolean> {
    try {
      return partition < (await this.#ask(topic));
    } catch (error) {
      return !(error instanceof BusbarError && error.code === 'TOPIC_MISSING');
    }
  }

  /** Asks again at the next call. */
  forget(topic: string): void {
    this.#known.delete(topic);
  }

  #ask(topic: string): Promise<number> {
    const running = this.#asking.get(topic);
    if (running !== undefined) return running;
    const asking = this.admin
      .countPartitions([topic])
      .then((count) => {
        this.#known.set(topic, { count, at: Date.now() });
        return count;
      })
      .finally(() => this.#asking.delete(topic));
    this.#asking.set(topic, asking);
    return asking;
  }
}
