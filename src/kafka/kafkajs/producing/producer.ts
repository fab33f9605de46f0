import type { Message, Producer, RecordMetadata } from 'kafkajs';

import type { Notices } from '../../../telemetry/notices.js';
import { newClient } from '../client.js';
import { COMPRESSION_TYPES } from '../compression.js';
import type { Settings } from '../options.js';

/**
 * One kafkajs producer with one producer id, from its making until it is retired. Its promise is that of the broker:
 * a batch sent again with its sequence number is not written again. kafkajs takes a sequence number back when a send
 * fails, so the identical batch may be sent again on the same producer; any other batch may not, once a failed one
 * may have been written. Then the producer has to be retired.
 */
export class IdempotentProducer {
  readonly #producer: Producer;
  readonly #settings: Settings;
  #connected: Promise<void> | undefined;
  #users = 0;
  #unanswered = 0;
  #retired = false;

  constructor(settings: Settings, notices: Notices) {
    this.#settings = settings;
    this.#producer = newClient(settings, notices).producer({
      idempotent: settings.acks === -1,
      // Two attempts per send: kafkajs refuses one for an idempotent producer, and repeats without an end otherwise,
      // even after a disconnect. Repeating is done by Producing.
      retry: { retries: 1, initialRetryTime: 50, maxRetryTime: 500, factor: 0.2, multiplier: 2 },
      metadataMaxAge: settings.metadataMaxAgeMs,
      allowAutoTopicCreation: false,
      createPartitioner: () => chosenPartition,
    });
    this.#producer.on(this.#producer.events.REQUEST, ({ payload }) => {
      if (payload.apiName === 'Produce') this.#unanswered--;
    });
  }

  /** A batch is being written to a broker. */
  wrote(): void {
    this.#unanswered++;
  }

  /** Whether the answer to any batch is missing, or was lost. */
  get owesAnswers(): boolean {
    return this.#unanswered > 0;
  }

  get retired(): boolean {
    return this.#retired;
  }

  /** Takes part until `release`: a retired producer disconnects when its last user has released it. */
  use(): void {
    this.#users++;
  }

  release(): void {
    this.#users--;
    if (this.#retired && this.#users === 0) void this.#disconnect();
  }

  /**
   * Connects once. When that fails the producer must be retired: kafkajs would send without a producer id from then on.
   */
  connect(): Promise<void> {
    return (this.#connected ??= this.#producer.connect());
  }

  send(topic: string, messages: Message[]): Promise<RecordMetadata[]> {
    const { acks, compression, requestTimeoutMs } = this.#settings;
    return this.#producer.send({ topic, messages, acks, timeout: requestTimeoutMs, compression: COMPRESSION_TYPES[compression] });
  }

  /** No new sends from now on. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    if (this.#users === 0) void this.#disconnect();
  }

  async #disconnect(): Promise<void> {
    // A connect under way would open sockets after the disconnect. How it ends was told to those who asked for it.
    await this.#connected?.catch(() => undefined);
    await this.#producer.disconnect().catch(() => undefined);
  }
}

/** The publisher chooses partitions. kafkajs would choose again on every attempt, and differently. */
function chosenPartition({ message }: { message: Message }): number {
  if (message.partition === undefined) throw new TypeError('a record without a partition');
  return message.partition;
}
