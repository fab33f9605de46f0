import type { BusbarError } from '../../../errors.js';
import type { Notices } from '../../../telemetry/notices.js';
import type { WireRecord } from '../../record.js';
import { settlesWithin } from '../backoff.js';
import type { Security } from '../connection-failure.js';
import type { Settings } from '../options.js';
import { IdempotentProducer } from './producer.js';
import { Sending } from './sending.js';

/**
 * Sends batches, each until it is acknowledged, refused, or out of time. The identical batch is repeated on the same
 * producer, so the broker drops it when an earlier attempt was written. A batch that ends without an answer leaves its
 * producer unusable for that partition: new sends then get a new producer.
 */
export class Producing {
  readonly #settings: Settings;
  readonly #notices: Notices;
  readonly #underWay = new Map<Sending, Promise<unknown>>();
  #closed = false;
  #producer: IdempotentProducer | undefined;

  constructor(
    settings: Settings,
    notices: Notices,
    /** False only when the cluster says so. */
    readonly hasPartition: (topic: string, partition: number) => Promise<boolean>,
  ) {
    this.#settings = settings;
    this.#notices = notices;
  }

  async send(
    topic: string,
    partition: number,
    records: readonly WireRecord[],
    deadline: number,
    onRetry?: (error: BusbarError) => void,
  ): Promise<number> {
    const batch = new Sending(this, topic, partition, records, deadline, onRetry);
    if (this.#closed) batch.end();
    const sent = batch.run();
    this.#underWay.set(batch, sent);
    try {
      return await sent;
    } finally {
      this.#underWay.delete(batch);
    }
  }

  /** The producer for a batch that was never written. */
  producer(): IdempotentProducer {
    if (this.#producer === undefined || this.#producer.retired) this.#producer = new IdempotentProducer(this.#settings, this.#notices);
    return this.#producer;
  }

  replace(producer: IdempotentProducer, topic: string, partition: number, why: string): void {
    if (!producer.retired) {
      this.#notices.raise({ level: 'warn', code: 'PRODUCER_REPLACED', message: why, details: { topic, partition } });
    }
    producer.retire();
  }

  get acks(): number {
    return this.#settings.acks;
  }

  /** How the brokers are spoken to. */
  get security(): Security {
    return this.#settings;
  }

  /** Waits for what is under way, at most so long; the rest is rejected. */
  async close(deadlineMs: number): Promise<void> {
    await settlesWithin(Promise.allSettled(this.#underWay.values()), deadlineMs);
    this.#closed = true;
    for (const batch of this.#underWay.keys()) batch.end();
    this.#producer?.retire();
  }
}
