import type { BusbarError } from '../errors.js';
import type { Batch, Blocked, Claim, GroupMembership, KafkaDriver, Subscription } from '../kafka/driver.js';
import type { InRecord } from '../kafka/record.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { Notices } from '../telemetry/notices.js';
import type { TopicMeters } from '../telemetry/topic-meters.js';
import { Beginning } from './beginning.js';
import type { CountedDelivery, OutcomeTally } from './outcome-tally.js';
import type { Handled } from './line-options.js';
import { PartitionLine } from './partition-line.js';
import type { Waiting } from './waiting.js';
import { ProcessorFailed, type Scope } from './scope.js';
import type { StartOffsets } from './start-offset.js';
import type { UnsettledRecord } from './unsettled-record.js';

/** A topic-partition, as lifecycle hooks are told of it. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A partition that does not get past a batch, and why. */
export type BlockedPartition = TopicPartition & Blocked;

export interface InboundOptions {
  readonly driver: KafkaDriver;
  readonly group: string;
  readonly topics: readonly string[];
  readonly starts: StartOffsets;
  readonly concurrency: number;
  readonly maxInFlight: number;
  /** How long handlers may go on when a partition is taken away or reading stops, in ms. */
  readonly drainMs: number;
  readonly tally: OutcomeTally;
  readonly meters: TopicMeters;
  readonly notices: Notices;
  handle(record: InRecord, scope: Scope, delivery: CountedDelivery): MaybePromise<Handled>;
  onAssigned(partitions: readonly TopicPartition[]): void;
  onRevoked(partitions: readonly TopicPartition[]): MaybePromise<void>;
  /** Reading has ended for good: `fail()` was decided, or offsets are lost. */
  onStopped(error: unknown): void;
}

/** Reads the topics of one group: a line of records for each partition that it holds. */
export class Inbound {
  readonly #options: InboundOptions;
  readonly #lines = new Map<Claim, PartitionLine>();
  readonly #beginning = new Beginning();
  #subscription: Subscription | undefined;
  #drainMs: number;
  #paused = false;

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#drainMs = options.drainMs;
  }

  /** Joins the group; resolves once it has, and it is decided where what it was given begins. */
  async start(): Promise<void> {
    const { driver, group, topics, starts } = this.#options;
    this.#subscription = await driver.consume({
      group,
      topics,
      start: async (position) => {
        try {
          const offset = await starts.decide(position);
          this.#beginning.done(position);
          return offset;
        } catch (error) {
          this.#beginning.failed(error);
          throw error;
        }
      },
      onBatch: (batch) => this.#take(batch),
      onAssigned: (claims) => this.#assigned(claims),
      onRevoked: (claims, lost) => this.#revoked(claims, lost),
      onStopped: (error: BusbarError) => {
        this.#beginning.end();
        this.#options.onStopped(error);
      },
    });
    try {
      await this.#beginning.decided();
    } catch (error) {
      await this.stop(0);
      throw error;
    }
  }

  /** A `start` under way resolves as soon as the group is joined: somebody wants to stop. */
  hurry(): void {
    this.#beginning.end();
  }

  /** Stops reading, lets what has begun end within `drainMs`, commits, leaves the group. */
  async stop(drainMs: number): Promise<void> {
    this.#drainMs = drainMs;
    this.#beginning.end();
    const subscription = this.#subscription;
    this.#subscription = undefined;
    await subscription?.close();
  }

  /**
   * Stays in the group and begins nothing until `resume`, in partitions that come meanwhile either. Resolves when what had
   * begun has ended and what is settled is committed, to nothing; after `drainMs` at the latest, to the records that go on.
   */
  async pause(drainMs: number): Promise<readonly InRecord[]> {
    this.#paused = true;
    const lines = [...this.#lines.values()];
    await Promise.all(lines.map((line) => line.pause(drainMs)));
    await this.#commit();
    return lines.flatMap(({ inFlight }) => inFlight);
  }

  /** Goes on in every partition at its first unsettled record. */
  resume(): void {
    this.#paused = false;
    for (const line of this.#lines.values()) line.resume();
  }

  /** Partitions held now. */
  get partitions(): TopicPartition[] {
    return [...this.#lines.keys()].map(({ topic, partition }) => ({ topic, partition }));
  }

  /** Of every partition that has one, the first record that was read and is not settled. */
  get unsettled(): UnsettledRecord[] {
    return [...this.#lines.values()].flatMap(({ unsettled }) => unsettled ?? []);
  }

  /** Partitions that do not get past a batch which cannot be read. */
  get blocked(): BlockedPartition[] {
    return [...this.#lines.keys()].flatMap(({ topic, partition, blocked }) =>
      blocked === undefined ? [] : { topic, partition, ...blocked },
    );
  }

  /** Undefined until the group was joined for the first time, and after a stop. */
  get membership(): GroupMembership | undefined {
    return this.#subscription?.membership;
  }

  /** What was read of all partitions held now and is not settled. */
  waiting(): Waiting {
    const lines = Array.from(this.#lines.values(), (line) => line.waiting());
    const oldest = lines.flatMap((line) => line.oldest ?? []);
    return {
      records: lines.reduce((sum, { records }) => sum + records, 0),
      oldest: oldest.length === 0 ? undefined : Math.min(...oldest),
    };
  }

  #assigned(claims: readonly Claim[]): void {
    this.#beginning.given(claims);
    for (const claim of claims) this.#lineOf(claim);
    this.#options.onAssigned(claims.map(({ topic, partition }) => ({ topic, partition })));
  }

  #take({ claim, records }: Batch): Promise<void> {
    this.#options.meters.of(claim.topic).received(records);
    return this.#lineOf(claim).accept(records);
  }

  #lineOf(claim: Claim): PartitionLine {
    const known = this.#lines.get(claim);
    if (known !== undefined) return known;
    const { concurrency, maxInFlight, tally, handle, notices, group } = this.#options;
    const { topic, partition } = claim;
    const line = new PartitionLine({
      claim,
      concurrency,
      maxInFlight,
      tally,
      handle,
      onFailed: (error) =>
        this.#options.onStopped(error instanceof ProcessorFailed ? error : new ProcessorFailed(error, `${topic}/${partition}`)),
      onBeginAgain: (error, delayMs) => {
        tally.failed(error, 'STORE_FAILED');
        const when = delayMs === undefined ? 'when the processor is resumed' : `in ${delayMs} ms`;
        const message = `the store failed; the partition begins again ${when} at its first unsettled record`;
        notices.raise({ level: 'error', code: 'STORE_FAILED', message, error, details: { group, topic, partition } });
      },
    });
    this.#lines.set(claim, line);
    if (this.#paused) void line.pause(0);
    return line;
  }

  async #commit(): Promise<void> {
    try {
      await this.#subscription?.flush();
    } catch (error) {
      const message = 'settled offsets could not be committed during a pause; it is tried again';
      const { notices, group } = this.#options;
      notices.raise({ level: 'warn', code: 'COMMIT_FAILED', message, error, details: { group } });
    }
  }

  async #revoked(claims: readonly Claim[], lost: boolean): Promise<void> {
    await Promise.all(
      claims.map(async (claim) => {
        const line = this.#lines.get(claim);
        if (lost) line?.abandon();
        else await line?.drain(this.#drainMs);
        this.#lines.delete(claim);
        this.#beginning.done(claim);
      }),
    );
    await this.#options.onRevoked(claims.map(({ topic, partition }) => ({ topic, partition })));
  }
}
