import kafkajs, { type Producer } from 'kafkajs';

import { kafkajsClient } from './kafkajs-client.js';

/** What bare kafkajs makes of the same faults: one idempotent producer, tuned as well as it can be, one send at a time per partition. */
export class RawPublishing {
  readonly #producer: Producer;
  readonly #began = new Map<number, number>();
  #longestMs = 0;
  #ended = false;
  readonly #lines: Promise<void>[];

  private constructor(producer: Producer, topic: string, partitions: number) {
    this.#producer = producer;
    this.#lines = Array.from({ length: partitions }, (_, partition) => this.#line(topic, partition));
  }

  static async start(bootstrap: string, topic: string, partitions: number): Promise<RawPublishing> {
    const client = kafkajsClient(bootstrap, { requestTimeout: 10_000, connectionTimeout: 3_000 });
    const producer = client.producer({
      idempotent: true,
      maxInFlightRequests: partitions,
      metadataMaxAge: 10_000,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      retry: { retries: Number.MAX_SAFE_INTEGER, initialRetryTime: 50, maxRetryTime: 500 },
    });
    await producer.connect();
    return new RawPublishing(producer, topic, partitions);
  }

  /** The longest that one send took or has taken so far, in ms. */
  get longestMs(): number {
    return Math.max(this.#longestMs, ...[...this.#began.values()].map((began) => Date.now() - began));
  }

  async stop(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#lines);
    await this.#producer.disconnect();
  }

  async #line(topic: string, partition: number): Promise<void> {
    while (!this.#ended) {
      const began = Date.now();
      this.#began.set(partition, began);
      await this.#producer.send({ topic, messages: Array.from({ length: 10 }, () => ({ partition, value: 'reading' })) });
      this.#began.delete(partition);
      this.#longestMs = Math.max(this.#longestMs, Date.now() - began);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
