import type { RecordMetadata } from 'kafkajs';

import type { BusbarError, ErrorCode } from '../../../errors.js';
import { ProduceError } from '../../produce-error.js';
import type { WireRecord } from '../../record.js';
import { BatchAttempt } from './attempt.js';
import { Backoff } from '../backoff.js';
import { codeOf, mayPass, protocolType, reasonOf, toBusbarError } from '../failure.js';
import type { IdempotentProducer } from './producer.js';
import type { Producing } from './producing.js';

/** A topic that was just made is unknown to some brokers for a moment. */
const TOPIC_GRACE_MS = 5_000;

/** The broker does not know our place in the sequence any more. */
const SEQUENCE_LOST = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'DUPLICATE_SEQUENCE_NUMBER',
]);

/** Answers that do not say that the batch is not on the log. */
const NO_REFUSAL = new Set([
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'REQUEST_TIMED_OUT',
  'NETWORK_EXCEPTION',
  'UNKNOWN',
  'KAFKAJS_UNKNOWN_ERROR_CODE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
]);

/** Metadata is answered with these too: asked for again after an answer to the batch was lost, it says nothing about the batch. */
const OF_METADATA_TOO = new Set(['TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED', 'INVALID_TOPIC_EXCEPTION']);

type Outcome = { readonly offset: number } | { readonly error: unknown };

/** One batch on its way: repeats it until it is acknowledged, refused, or ended. */
export class Sending {
  readonly #attempt: BatchAttempt;
  readonly #started = Date.now();
  readonly #backoff = new Backoff(50, 1_000);
  readonly #ended = new AbortController();
  #producer: IdempotentProducer;
  #last: unknown;
  #renewed = false;

  constructor(
    private readonly producing: Producing,
    private readonly topic: string,
    private readonly partition: number,
    records: readonly WireRecord[],
    private readonly deadline: number,
    private readonly onRetry?: (error: BusbarError) => void,
  ) {
    this.#producer = producing.producer();
    this.#attempt = new BatchAttempt(partition, records, () => this.#producer.wrote());
  }

  /** No further attempts; `run` rejects now. */
  end(): void {
    this.#ended.abort();
  }

  /** Resolves to the offset of the first record, rejects with `ProduceError`. */
  async run(): Promise<number> {
    const timer = setTimeout(() => this.end(), Math.max(0, this.deadline - Date.now()));
    const ended = new Promise<undefined>((resolve) =>
      this.#ended.signal.addEventListener('abort', () => resolve(undefined), { once: true }),
    );
    this.#producer.use();
    try {
      while (!this.#ended.signal.aborted) {
        // Once written, only the same producer can repeat the batch without duplicating it.
        if (this.#producer.retired && this.#attempt.written === 0) {
          this.#producer.release();
          this.#producer = this.producing.producer();
          this.#producer.use();
        }
        const outcome = await Promise.race([this.#once(), ended]);
        if (outcome === undefined) break;
        if ('offset' in outcome) return outcome.offset;
        this.#last = outcome.error;
        const gone = await Promise.race([this.#isGone(outcome.error), ended]);
        if (gone === undefined) break;
        this.#rejectIfFinal(outcome.error, gone);
        this.onRetry?.(toBusbarError(outcome.error, `cannot write to ${this.topic}[${this.partition}]`, this.producing.security));
        await this.#backoff.pause(this.#ended.signal);
      }
      throw this.#outOfTime();
    } finally {
      clearTimeout(timer);
      this.#producer.release();
    }
  }

  async #once(): Promise<Outcome> {
    const producer = this.#producer;
    const before = this.#attempt.written;
    try {
      await producer.connect();
    } catch (error) {
      producer.retire();
      return { error };
    }
    try {
      const acks = await producer.send(this.topic, this.#attempt.messages);
      return { offset: this.producing.acks === 0 ? -1 : this.#offsetIn(acks) };
    } catch (error) {
      // With one writing there is one answer, and it says whether the batch is on the log.
      if (before === 0 && this.#attempt.written === 1 && isRefusal(error, producer)) this.#attempt.refused();
      return { error };
    }
  }

  /** kafkajs also resolves when it has sent nothing, and for other partitions. */
  #offsetIn(acks: readonly RecordMetadata[]): number {
    const [ack] = acks;
    if (ack === undefined)
      throw Object.assign(new Error('the partition is not known'), { type: 'UNKNOWN_TOPIC_OR_PARTITION', retriable: true });
    const offset = Number(ack.baseOffset);
    if (acks.length === 1 && ack.topicName === this.topic && ack.partition === this.partition && ack.errorCode === 0 && offset >= 0)
      return offset;
    throw Object.assign(new Error('the acknowledgement does not belong to the batch'), { retriable: false });
  }

  /** One broker may be behind the others, and kafkajs fails in the same words when another topic of its producer is gone. */
  async #isGone(error: unknown): Promise<boolean> {
    if (protocolType(error) !== 'UNKNOWN_TOPIC_OR_PARTITION' || Date.now() - this.#started < TOPIC_GRACE_MS) return false;
    return !(await this.producing.hasPartition(this.topic, this.partition));
  }

  #rejectIfFinal(error: unknown, gone: boolean): void {
    const producer = this.#producer;
    const type = protocolType(error);
    const certain = this.#attempt.written === 0;
    if (certain && type !== undefined && SEQUENCE_LOST.has(type)) {
      this.producing.replace(producer, this.topic, this.partition, `the broker lost the sequence of the producer (${type})`);
      return;
    }
    if (type === 'UNKNOWN_TOPIC_OR_PARTITION' && certain && !this.#renewed) {
      // A producer that has sent to a topic which was deleted since can send to no other topic either.
      this.#renewed = true;
      producer.retire();
      return;
    }
    if (!gone && mayPass(error, this.producing.security)) return;
    if (!certain) this.producing.replace(producer, this.topic, this.partition, 'a batch failed that may have been written');
    throw this.#failure(codeOf(error, this.producing.security), certain ? 'not-sent' : 'unknown', 'not written', error);
  }

  #outOfTime(): ProduceError {
    const producer = this.#producer;
    this.#attempt.giveUp();
    const certain = this.#attempt.written === 0;
    if (!certain) this.producing.replace(producer, this.topic, this.partition, 'a batch ran out of time that may have been written');
    // kafkajs may be waiting with the sequence numbers of this batch, and gives them back later: another batch that took its
    // own meanwhile would be followed by one with numbers that are used up, which the broker takes for a repetition.
    else producer.retire();
    return this.#failure('DELIVERY_TIMEOUT', certain ? 'not-sent' : 'unknown', 'the time for its delivery is over', this.#last);
  }

  #failure(code: ErrorCode, certainty: 'not-sent' | 'unknown', what: string, cause: unknown): ProduceError {
    const { security } = this.producing;
    const reason = cause === undefined ? `no answer from ${security.brokers.join(', ')}` : reasonOf(cause, security);
    // A topic that is gone comes back when somebody creates it, and not by itself.
    const retriable = code === 'DELIVERY_TIMEOUT' || (code !== 'TOPIC_MISSING' && mayPass(cause, security));
    return new ProduceError(code, `${this.topic}[${this.partition}]: ${what}: ${reason}`, { certainty, retriable, cause });
  }
}

function isRefusal(error: unknown, producer: IdempotentProducer): boolean {
  const type = protocolType(error);
  if (type === undefined || NO_REFUSAL.has(type)) return false;
  return !OF_METADATA_TOO.has(type) || !producer.owesAnswers;
}
