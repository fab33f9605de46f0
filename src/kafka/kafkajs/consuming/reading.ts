import type { EachBatchPayload, KafkaMessage } from 'kafkajs';

import { BusbarError } from '../../../errors.js';
import type { Batch } from '../../driver.js';
import type { InRecord } from '../../record.js';
import { NO_OFFSET } from '../admin.js';
import { Backoff, settlesWithin } from '../backoff.js';
import type { Comparison, PartitionClaim } from './claim.js';
import { toBusbarError } from '../failure.js';
import { FetchedRecord, UnreadableBatch } from '../wire/fetched-record.js';
import type { Fetching } from './fetching.js';
import type { OffsetToCommit } from './group-commit.js';
import type { MembershipContext } from './membership-context.js';
import { Obstacles } from './obstacles.js';

/** A slow handler holds the fetch loop for so long; then its partition is paused. A resume can take one long poll. */
const HOLD_MS = 100;

/** Our decoder gives records; kafkajs's own, where that is in use, messages. */
type Fetched = EachBatchPayload['batch']['messages'][number] | FetchedRecord;

/** The batch as kafkajs really passes it; its types leave out where the fetch began. */
type FetchedBatch = EachBatchPayload['batch'] & { readonly fetchedOffset: string };

/**
 * Where claims read. kafkajs has its own idea of that and resets it silently, so every batch is checked against the
 * offset that is expected, and a claim that has no such offset is paused.
 */
export class Reading {
  readonly #context: MembershipContext;
  readonly #fetching: Fetching;
  readonly #obstacles: Obstacles;
  readonly #commit: (offsets: readonly OffsetToCommit[]) => Promise<void>;

  constructor(context: MembershipContext, fetching: Fetching, commit: (offsets: readonly OffsetToCommit[]) => Promise<void>) {
    this.#context = context;
    this.#fetching = fetching;
    this.#commit = commit;
    this.#obstacles = new Obstacles(context.options.group, context.notices);
  }

  /** Asks where to begin until it is answered or the claim is over, then begins there. */
  async start(claim: PartitionClaim): Promise<void> {
    const from = await this.#untilItWorks(claim, 'cannot start', () => this.#ask(claim));
    if (from === undefined || claim.signal.aborted) return;
    claim.isAnother = false;
    claim.from ??= from;
    this.#readFrom(claim, from);
  }

  /** Takes what was fetched; resolves when kafkajs may fetch on. */
  async take(claim: PartitionClaim, batch: EachBatchPayload['batch'], resolveOffset: (offset: string) => void): Promise<void> {
    const { topic, partition, key } = claim;
    const fetchedOffset = Number((batch as FetchedBatch).fetchedOffset);
    if (claim.expected === undefined || claim.signal.aborted || this.#obstacles.rests(claim))
      return this.#fetching.pause(topic, [partition]);
    if (fetchedOffset !== claim.expected) {
      this.#fetching.pause(topic, [partition]);
      // Not awaited: the other partitions of the broker go on.
      return void this.#realign(claim, claim.expected, fetchedOffset);
    }
    if (claim.again !== undefined) return this.#compare(claim, claim.again, batch.messages);
    const { messages } = batch;
    const barred = messages.findIndex((message: Fetched) => message instanceof UnreadableBatch);
    const readable = barred === -1 ? messages : messages.slice(0, barred);
    const last = readable.at(-1);
    if (last !== undefined) {
      resolveOffset(last.offset);
      const behind = Number(last.offset) + 1;
      // Behind the last record there may be control records, which kafkajs steps over together with it.
      claim.expected = barred === -1 ? Number(batch.lastOffset()) + 1 : behind;
      if (claim.expected > behind) claim.passOver(behind, claim.expected);
      this.#obstacles.passed(claim);
      this.#context.lastRead.set(key, { offset: Number(last.offset), timestamp: Number(last.timestamp) });
    }
    const obstacle: Fetched | undefined = messages[barred];
    if (obstacle instanceof UnreadableBatch) void this.#waitBefore(claim, claim.expected, obstacle);
    if (last === undefined) return;
    const records = readable.map((message) => toRecord(topic, partition, message));
    const roomForMore = claim.offer(records, Number(batch.highWatermark));
    if (await settlesWithin(roomForMore, HOLD_MS)) return;
    this.#fetching.pause(topic, [partition]);
    void roomForMore.then(() => {
      // Unless it is being realigned or given back, or rests for another reason.
      if (claim.expected !== undefined && !claim.signal.aborted && !this.#obstacles.rests(claim)) this.#fetching.resume(topic, [partition]);
    });
  }

  /** Runs the handler, which is not meant to reject. */
  async handle(batch: Batch): Promise<void> {
    try {
      await this.#context.options.onBatch(batch);
    } catch (error) {
      const { topic, partition } = batch.claim;
      this.#context.stopped(new BusbarError('KAFKA_FAILED', `onBatch rejected for ${topic}[${partition}]`, { cause: error }));
    }
  }

  async #ask(claim: PartitionClaim): Promise<number> {
    const { admin, options, remembered, begun, lastRead, settings } = this.#context;
    const { topic, partition, key } = claim;
    const [{ beginning, end }, offsets] = await Promise.all([this.#range(claim), admin.groupOffsets(options.group, topic)]);
    const entry = offsets.find((each) => each.partition === partition);
    // No answer is not the answer "none": it would begin anew.
    if (entry === undefined) throw new BusbarError('KAFKA_FAILED', `no committed offset was answered for ${key}`, { retriable: true });
    const isAnother = claim.isAnother || (entry.offset === NO_OFFSET && begun.has(key));
    if (isAnother) {
      // Kafka deletes offsets together with their topic. What is remembered here counts for the log that is gone.
      remembered.delete(key);
      lastRead.delete(key);
      claim.forget();
    }
    // What was settled of the log that is gone may have been committed meanwhile.
    const inGroup = isAnother || entry.offset < 0 ? undefined : entry.offset;
    if (inGroup !== undefined) begun.add(key);
    // What was settled here and could not be committed in time is settled all the same.
    const known = [inGroup, remembered.get(key), claim.next ?? claim.stood].filter((offset) => offset !== undefined);
    claim.stood = known.length === 0 ? undefined : Math.max(...known);
    if (claim.stood !== inGroup) claim.recommit();
    const commit = async (offset: number): Promise<void> => {
      try {
        await this.#commit([{ topic, partition, offset }]);
      } catch (error) {
        throw toBusbarError(error, `${options.group} cannot commit where it begins in ${key}`, settings);
      }
    };
    return options.start({ topic, partition, committed: claim.stood, beginning, end, commit });
  }

  /** The batch that the message stands for cannot be read. */
  async #waitBefore(claim: PartitionClaim, offset: number, { error, next }: UnreadableBatch): Promise<void> {
    this.#fetching.pause(claim.topic, [claim.partition]);
    await this.#obstacles.rest(claim, { error, offset, next });
    if (claim.expected !== undefined && !claim.signal.aborted) this.#readFrom(claim, claim.expected);
  }

  #readFrom(claim: PartitionClaim, offset: number): void {
    claim.expected = offset;
    this.#fetching.seek(claim.topic, claim.partition, offset);
    this.#fetching.resume(claim.topic, [claim.partition]);
  }

  /**
   * kafkajs has fetched from somewhere else. Harmless when it passed over records that nobody gets to see, or when an
   * old answer came late. But when an offset was out of range it has reset itself, and has committed that.
   */
  async #realign(claim: PartitionClaim, expected: number, fetched: number): Promise<void> {
    claim.expected = undefined;
    const range = await this.#untilItWorks(claim, 'cannot read on', () => this.#range(claim));
    if (range === undefined || claim.signal.aborted) return;
    const inRange = range.beginning <= expected && expected <= range.end;
    if (inRange && fetched > expected && fetched === claim.passed) return this.#readFrom(claim, fetched);
    if (inRange && fetched < expected) {
      const last = this.#context.lastRead.get(claim.key);
      if (last !== undefined && range.beginning <= last.offset && last.offset < expected) {
        claim.again = { last, expected };
        return this.#readFrom(claim, last.offset);
      }
      // Nothing by which the log is known: it may have been deleted and filled anew.
      claim.isAnother = true;
      return this.start(claim);
    }
    claim.recommit();
    if (inRange) this.#readFrom(claim, expected);
    else await this.start(claim);
  }

  /** Goes on where reading was to go on when the last record is still the one that was read there. */
  #compare(claim: PartitionClaim, { last, expected }: Comparison, [first]: readonly KafkaMessage[]): void {
    claim.again = undefined;
    // Compaction may have removed it.
    const isSame = first === undefined || Number(first.offset) !== last.offset || Number(first.timestamp) === last.timestamp;
    if (isSame) {
      claim.recommit();
      return this.#readFrom(claim, expected);
    }
    claim.expected = undefined;
    claim.isAnother = true;
    this.#fetching.pause(claim.topic, [claim.partition]);
    // Not awaited, as above.
    void this.start(claim);
  }

  async #range({ topic, partition, key }: PartitionClaim): Promise<{ beginning: number; end: number }> {
    const range = (await this.#context.admin.offsets(topic)).find((entry) => entry.partition === partition);
    if (range === undefined) throw new BusbarError('TOPIC_MISSING', `${key} does not exist`, { retriable: true });
    return range;
  }

  /** Undefined when the claim is over or was stopped. */
  async #untilItWorks<T>(claim: PartitionClaim, doing: string, work: () => Promise<T>): Promise<T | undefined> {
    const { settings, notices, stopped } = this.#context;
    const { topic, partition, key, signal } = claim;
    const backoff = new Backoff(50, 2_000);
    while (!signal.aborted) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted) return undefined;
        const cause = toBusbarError(error, `${doing} ${key}`, settings);
        if (cause.code === 'OFFSETS_LOST') {
          stopped(cause);
          return undefined;
        }
        notices.raise({
          level: 'warn',
          code: cause.code,
          message: 'a partition rests until this works',
          error: cause,
          details: { topic, partition },
        });
        await backoff.pause(signal);
      }
    }
    return undefined;
  }
}

function toRecord(topic: string, partition: number, message: Fetched): InRecord {
  if (message instanceof FetchedRecord) return message;
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: message.headers ?? {},
  };
}
