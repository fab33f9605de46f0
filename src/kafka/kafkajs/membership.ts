import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';

import { BusbarError } from '../../errors.js';
import type { Notices } from '../../telemetry/notices.js';
import type { Batch, ConsumeOptions } from '../driver.js';
import type { InRecord } from '../record.js';
import type { KafkaJsAdmin } from './admin.js';
import { Backoff, settlesWithin } from './backoff.js';
import { PartitionClaim, partitionKey } from './claim.js';
import { Commits, type OffsetToCommit } from './commits.js';
import { toBusbarError } from './failure.js';
import type { Settings } from './options.js';
import { gatedAssigner, type GateKeeper } from './rejoin-gate.js';

/** A slow handler keeps the fetch loop waiting so long; then only its partition is paused. A resume takes up to one fetch. */
const HOLD_MS = 100;

/** kafkajs hands the batches of a fetch to so many workers; each is held for `HOLD_MS` at most. */
const WORKERS = 256;

/** The fetched batch as kafkajs really passes it; its types leave out where the fetch began. */
type FetchedBatch = EachBatchPayload['batch'] & { readonly fetchedOffset: string };

export interface MembershipContext {
  readonly client: Kafka;
  readonly admin: KafkaJsAdmin;
  readonly settings: Settings;
  readonly notices: Notices;
  readonly options: ConsumeOptions;
  /** What earlier claims of this subscription had settled and may not have committed, by partition. */
  readonly remembered: Map<string, number>;
  /** The consumer is dead: kafkajs gave up, or the group has not heard of us for too long. */
  crashed(error: BusbarError): void;
  /** Reading must not go on. */
  stopped(error: BusbarError): void;
}

/**
 * One kafkajs consumer, from its first join until it leaves or dies. kafkajs only fetches: it never commits, never
 * waits for a handler, never sees an error, and its idea of where to read is checked against ours.
 */
export class Membership implements GateKeeper {
  readonly #context: MembershipContext;
  readonly #consumer: Consumer;
  readonly #commits: Commits;
  readonly #claims = new Map<string, PartitionClaim>();
  readonly #watchdog: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #commitOnce: EachBatchPayload['commitOffsetsIfNecessary'] | undefined;
  #revoking: Promise<void> | undefined;
  #lastContact = Date.now();
  #ended = false;
  #joined: () => void = () => undefined;
  #failed: (error: BusbarError) => void = () => undefined;

  constructor(context: MembershipContext) {
    this.#context = context;
    const { settings, options, client, notices } = context;
    this.#consumer = client.consumer({
      groupId: options.group,
      sessionTimeout: settings.sessionTimeoutMs,
      rebalanceTimeout: settings.rebalanceTimeoutMs,
      heartbeatInterval: Math.max(50, Math.floor(settings.sessionTimeoutMs / 10)),
      maxWaitTimeInMs: settings.fetchMaxWaitMs,
      minBytes: settings.fetchMinBytes,
      maxBytesPerPartition: settings.maxBytesPerPartition,
      metadataMaxAge: settings.metadataMaxAgeMs,
      allowAutoTopicCreation: false,
      partitionAssigners: [gatedAssigner(this)],
      // The counter of kafkajs runs on over good times and would end a healthy consumer some day; the gate ends a join.
      retry: {
        retries: Number.MAX_SAFE_INTEGER,
        initialRetryTime: 50,
        maxRetryTime: 500,
        factor: 0.2,
        multiplier: 2,
        restartOnFailure: () => Promise.resolve(false),
      },
    });
    this.#commits = new Commits(options.group, settings, (offsets) => this.#commit(offsets), notices);
    this.#listen();
    this.#watchdog = setInterval(() => this.#watch(), Math.max(100, settings.sessionTimeoutMs / 10));
  }

  /** Resolves at the first assignment. */
  async join(): Promise<void> {
    const joined = new Promise<void>((resolve, reject) => {
      this.#joined = resolve;
      this.#failed = reject;
    });
    // It may fail while the connecting below is still awaited.
    joined.catch(() => undefined);
    const { brokers } = this.#context.settings;
    try {
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [...this.#context.options.topics], fromBeginning: true });
      this.#running = this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: WORKERS,
        eachBatch: (payload) => this.#onBatch(payload),
      });
      await Promise.race([joined, this.#running.then(() => joined)]);
    } catch (error) {
      throw toBusbarError(error, `cannot join ${this.#context.options.group}`, brokers);
    }
  }

  claims(): PartitionClaim[] {
    return [...this.#claims.values()];
  }

  async flush(): Promise<void> {
    try {
      await this.#commits.flush();
    } catch (error) {
      throw toBusbarError(error, 'cannot commit offsets', this.#context.settings.brokers);
    }
  }

  /** Gives the partitions back and leaves the group. `lost`: they are gone already. */
  async end(lost: boolean): Promise<void> {
    if (!this.#ended) {
      this.#ended = true;
      clearInterval(this.#watchdog);
    }
    await this.#revoke(lost);
    this.#commits.stop();
    const { settings } = this.#context;
    // A join under way answers late, and kafkajs would go on reading after it: leave when it has.
    const leaving = Promise.resolve(this.#running)
      .then(() => this.#consumer.disconnect())
      .catch(() => undefined);
    await settlesWithin(leaving, settings.fetchMaxWaitMs + settings.requestTimeoutMs);
  }

  mayJoin(): 'join' | 'wait' | 'refuse' {
    if (this.#ended) return 'refuse';
    // Joins also begin without a REBALANCING event: after stale metadata, or when the group has forgotten us.
    if (this.#claims.size > 0) void this.#revoke(false);
    return this.#revoking === undefined ? 'join' : 'wait';
  }

  #listen(): void {
    const { events } = this.#consumer;
    const alive = (): void => void (this.#lastContact = Date.now());
    this.#consumer.on(events.HEARTBEAT, alive);
    this.#consumer.on(events.COMMIT_OFFSETS, alive);
    this.#consumer.on(events.REBALANCING, () => void this.#revoke(false));
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => {
      alive();
      this.#assign(payload.memberAssignment);
    });
    this.#consumer.on(events.START_BATCH_PROCESS, ({ payload }) => {
      // Only control records or aborted transactions: kafkajs moves past them without telling the handler.
      if (payload.batchSize === 0)
        this.#claims.get(partitionKey(payload.topic, payload.partition))?.passedOver(Number(payload.lastOffset) + 1);
    });
    this.#consumer.on(events.CRASH, ({ payload }) => {
      const error = toBusbarError(payload.error, `the consumer of ${this.#context.options.group} crashed`, this.#context.settings.brokers);
      this.#crash(error);
    });
  }

  #crash(error: BusbarError): void {
    if (this.#ended) return;
    this.#failed(error);
    this.#context.crashed(error);
  }

  #watch(): void {
    const silent = Date.now() - this.#lastContact;
    if (this.#claims.size === 0 || silent <= this.#context.settings.sessionTimeoutMs) return;
    this.#crash(new BusbarError('BROKER_UNREACHABLE', `no heartbeat was answered for ${silent} ms`, { retriable: true }));
  }

  #assign(assignment: Readonly<Record<string, number[]>>): void {
    if (this.#ended) return;
    for (const [topic, partitions] of Object.entries(assignment)) {
      // Before anything can be fetched: kafkajs would begin wherever it thinks is right.
      this.#consumer.pause([{ topic, partitions }]);
      for (const partition of partitions) {
        const claim = new PartitionClaim(topic, partition, {
          settled: (settled) => this.#commits.settled(settled),
          alive: () => Date.now() - this.#lastContact < this.#context.settings.sessionTimeoutMs,
          handle: (batch) => this.#handle(batch),
        });
        this.#claims.set(claim.key, claim);
      }
    }
    const claims = this.claims();
    this.#context.options.onAssigned?.(claims);
    for (const claim of claims) void this.#start(claim);
    this.#joined();
  }

  /** Asks where to begin, until it is answered or the claim is over. */
  async #start(claim: PartitionClaim): Promise<void> {
    const { admin, options, settings, notices, remembered, stopped } = this.#context;
    const { topic, partition } = claim;
    const backoff = new Backoff(50, 2_000);
    while (!claim.signal.aborted) {
      try {
        const [offsets, committed] = await Promise.all([admin.offsets(topic), admin.committed(options.group, topic)]);
        const range = offsets.find((entry) => entry.partition === partition);
        if (range === undefined) throw new BusbarError('TOPIC_MISSING', `${claim.key} does not exist`, { retriable: true });
        // What was settled here and not committed in time is settled all the same.
        const known = latest(committed.find((entry) => entry.partition === partition)?.offset, remembered.get(claim.key));
        const from = await options.start({
          topic,
          partition,
          committed: known,
          beginning: range.beginning,
          end: range.end,
          commit: (offset) => this.#commit([{ topic, partition, offset }]),
        });
        if (claim.signal.aborted) return;
        claim.committed ??= from;
        this.#readFrom(claim, from);
        return;
      } catch (error) {
        if (claim.signal.aborted) return;
        const cause = toBusbarError(error, `cannot start ${claim.key}`, settings.brokers);
        if (cause.code === 'OFFSETS_LOST') return stopped(cause);
        notices.raise({
          level: 'warn',
          code: cause.code,
          message: 'a partition cannot be started; it is tried again',
          error: cause,
          details: { topic, partition },
        });
        await backoff.pause(claim.signal);
      }
    }
  }

  #readFrom(claim: PartitionClaim, offset: number): void {
    const { topic, partition } = claim;
    claim.expected = offset;
    this.#consumer.seek({ topic, partition, offset: String(offset) });
    this.#consumer.resume([{ topic, partitions: [partition] }]);
  }

  async #onBatch({ batch, resolveOffset, commitOffsetsIfNecessary }: EachBatchPayload): Promise<void> {
    this.#commitOnce = commitOffsetsIfNecessary;
    const claim = this.#claims.get(partitionKey(batch.topic, batch.partition));
    if (claim === undefined || claim.signal.aborted || claim.expected === undefined) return this.#pause(batch.topic, batch.partition);
    const fetchedOffset = Number((batch as FetchedBatch).fetchedOffset);
    if (fetchedOffset !== claim.expected) {
      this.#pause(batch.topic, batch.partition);
      return void this.#realign(claim, fetchedOffset);
    }
    const last = batch.messages[batch.messages.length - 1]!.offset;
    resolveOffset(last);
    // Beyond the last record there may be control records, which kafkajs steps over together with it.
    claim.expected = Number(batch.lastOffset()) + 1;
    const roomForMore = claim.offer(
      batch.messages.map((message) => toRecord(batch.topic, batch.partition, message)),
      Number(batch.highWatermark),
    );
    if (await settlesWithin(roomForMore, HOLD_MS)) return;
    this.#pause(batch.topic, batch.partition);
    void roomForMore.then(() => {
      if (!claim.signal.aborted) this.#consumer.resume([{ topic: batch.topic, partitions: [batch.partition] }]);
    });
  }

  #pause(topic: string, partition: number): void {
    this.#consumer.pause([{ topic, partitions: [partition] }]);
  }

  /**
   * kafkajs has fetched from somewhere else. Harmless when it passed over records that nobody gets to see, or when an
   * old answer came late. But after an offset that was out of range it has reset itself, and committed that: then the
   * caller decides anew.
   */
  async #realign(claim: PartitionClaim, fetchedOffset: number): Promise<void> {
    const expected = claim.expected!;
    claim.expected = undefined;
    const range = await this.#range(claim);
    if (range === undefined) return;
    if (range.beginning <= expected && expected <= range.end) {
      return this.#readFrom(claim, claim.passed === fetchedOffset && fetchedOffset > expected ? fetchedOffset : expected);
    }
    this.#context.remembered.set(claim.key, claim.next ?? claim.committed ?? expected);
    await this.#start(claim);
  }

  async #range(claim: PartitionClaim): Promise<{ beginning: number; end: number } | undefined> {
    const backoff = new Backoff(50, 2_000);
    while (!claim.signal.aborted) {
      try {
        return (await this.#context.admin.offsets(claim.topic)).find(({ partition }) => partition === claim.partition);
      } catch (error) {
        const cause = toBusbarError(error, 'cannot read offsets', this.#context.settings.brokers);
        this.#context.notices.raise({
          level: 'warn',
          code: cause.code,
          message: `${claim.key} rests until its offsets can be read`,
          error: cause,
        });
        await backoff.pause(claim.signal);
      }
    }
    return undefined;
  }

  async #handle(batch: Batch): Promise<void> {
    try {
      await this.#context.options.onBatch(batch);
    } catch (error) {
      this.#context.stopped(
        new BusbarError('KAFKA_FAILED', `onBatch rejected for ${batch.claim.topic}[${batch.claim.partition}]`, { cause: error }),
      );
    }
  }

  /** Begins once per assignment; resolves when everything was given back. */
  #revoke(lost: boolean): Promise<void> {
    if (this.#revoking !== undefined || this.#claims.size === 0) return this.#revoking ?? Promise.resolve();
    this.#revoking = this.#giveBack(lost).finally(() => (this.#revoking = undefined));
    return this.#revoking;
  }

  async #giveBack(lost: boolean): Promise<void> {
    const { options, settings, notices, remembered } = this.#context;
    const claims = this.claims();
    const until = Date.now() + settings.drainMs;
    for (const claim of claims) {
      if (lost) claim.release();
      else claim.abort();
      this.#pause(claim.topic, claim.partition);
    }
    const details = { group: options.group };
    const drained = options.onRevoked(claims, lost).catch((error: unknown) => {
      notices.raise({ level: 'error', code: 'KAFKA_FAILED', message: 'onRevoked rejected', error, details });
    });
    await settlesWithin(drained, settings.drainMs);
    if (!lost) {
      const flushed = this.#commits.flush().catch((error: unknown) => {
        notices.raise({
          level: 'warn',
          code: 'COMMIT_FAILED',
          message: 'settled offsets could not be committed before a rebalance',
          error,
          details,
        });
      });
      await settlesWithin(flushed, Math.max(1_000, until - Date.now()));
    }
    for (const claim of claims) {
      claim.release();
      if (claim.next !== undefined) remembered.set(claim.key, claim.next);
    }
    this.#commits.stop();
    this.#claims.clear();
  }

  async #commit(offsets: readonly OffsetToCommit[]): Promise<void> {
    const byTopic = new Map<string, { partition: number; offset: string }[]>();
    for (const { topic, partition, offset } of offsets) {
      byTopic.set(topic, [...(byTopic.get(topic) ?? []), { partition, offset: String(offset) }]);
    }
    // Not repeated inside kafkajs: it would go on with a later generation, for partitions that are no longer ours.
    if (this.#commitOnce !== undefined) {
      return this.#commitOnce({ topics: Array.from(byTopic, ([topic, partitions]) => ({ topic, partitions })) });
    }
    // Before the first batch there is only this way; it resolves silently when the consumer is not running.
    let acknowledged = false;
    const unlisten = this.#consumer.on(this.#consumer.events.COMMIT_OFFSETS, () => void (acknowledged = true));
    try {
      await this.#running;
      await this.#consumer.commitOffsets(offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) })));
    } finally {
      unlisten();
    }
    if (!acknowledged) throw new BusbarError('KAFKA_FAILED', 'the consumer has ended', { retriable: true });
  }
}

function toRecord(topic: string, partition: number, message: EachBatchPayload['batch']['messages'][number]): InRecord {
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

function latest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.max(a, b);
}
