import type { BusbarError } from '../errors.js';
import type { InRecord, WireRecord } from './record.js';

/**
 * The one port to a Kafka client library. Batching, choice of partition, dead letters and deduplication live above it,
 * so that every driver behaves alike; what a driver owes is said here and checked by its conformance suite.
 */
export interface KafkaDriver {
  /** Resolves once a broker answered; rejects `BROKER_UNREACHABLE`, `AUTHENTICATION_FAILED`, … */
  connect(): Promise<void>;
  /** How many partitions the topic has, or had a few seconds ago. `TOPIC_MISSING`. */
  partitions(topic: string): Promise<number>;
  /**
   * Writes records of one topic-partition as one batch: all or none. Retries by itself, without duplicates on the log,
   * until `deadline` (ms since 1970). Resolves to the offset of the first record once the broker acknowledged as
   * configured; rejects with `ProduceError`. At most one call per topic-partition is under way (the caller's duty).
   * `onRetry` may be told of each attempt that failed and is repeated.
   */
  produce(
    topic: string,
    partition: number,
    records: readonly WireRecord[],
    deadline: number,
    onRetry?: (error: BusbarError) => void,
  ): Promise<number>;
  /** Joins the group and delivers. Resolves once joined for the first time. */
  consume(options: ConsumeOptions): Promise<Subscription>;
  readonly admin: KafkaAdmin;
  /** Whether the log ends with this process: then where a group has begun to read it is nothing to remember. Default: false. */
  readonly logEndsWithProcess?: boolean | undefined;
  /** Ends everything; rejects nothing. Calls under way may be cut after `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
}

/** One assigned partition, from the moment it is given until it is taken away. */
export interface Claim {
  readonly topic: string;
  readonly partition: number;
  /** Aborted as soon as the partition is about to be taken away or the subscription closes: begin nothing new. */
  readonly signal: AbortSignal;
  /** False once the partition may have another owner. */
  owned(): boolean;
  /**
   * What keeps the next records from being read while the partition is held: a batch that cannot be decompressed. It is tried again
   * by itself, at growing intervals. Undefined when records are read, or may be.
   */
  readonly blocked?: Blocked | undefined;
  /**
   * Everything below `next` is settled. Remembered at once, committed in the background: coalesced, at the latest
   * `commitIntervalMs` later, and flushed before a revoke and a close. Ignored when no longer owned.
   */
  settled(next: number): void;
}

/** A batch that a partition does not get past. */
export interface Blocked {
  /** `BATCH_UNREADABLE` or `COMPRESSION_MISSING`. */
  readonly error: BusbarError;
  /** The first offset that is not read. */
  readonly offset: number;
  /** Offset of the next record that may be readable. */
  readonly next: number;
}

/** Where a partition stands when it is assigned. */
export interface StartPosition {
  readonly topic: string;
  readonly partition: number;
  /** The group's committed offset, undefined when there is none. */
  readonly committed: number | undefined;
  /** First offset on the log. */
  readonly beginning: number;
  /** Offset of the next record to be written. */
  readonly end: number;
  /** Commits an offset for this partition now. */
  commit(offset: number): Promise<void>;
}

export interface Batch {
  readonly claim: Claim;
  /** In log order, never empty. */
  readonly records: readonly InRecord[];
  /** Offset of the next record to be written to the partition. */
  readonly highWatermark: number;
}

export interface ConsumeOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * Asked once per assigned partition before its first record: where to begin reading. A rejection with
   * `OFFSETS_LOST` stops the subscription (`onStopped`); another one is retried with back-off.
   */
  start(position: StartPosition): Promise<number>;
  /**
   * One call at a time per partition; while it is pending the partition rests and the others go on, and the group
   * membership is kept alive. Never rejects.
   */
  onBatch(batch: Batch): Promise<void>;
  /** The partitions were given; called before their first batch. */
  onAssigned?(claims: readonly Claim[]): void;
  /**
   * The signals of these claims have just been aborted. The driver waits for the result, at most `drainMs`, then
   * flushes the commits, and only then lets the group give the partitions away. `lost` claims are gone already.
   */
  onRevoked(claims: readonly Claim[], lost: boolean): Promise<void>;
  /** Reading has ended for good and not by `close`: an operator has to look. */
  onStopped(error: BusbarError): void;
}

/** How a subscription stands with its group. */
export interface GroupMembership {
  /** Whether the group counts on it. False from the moment a rebalance is heard of, or its consumer dies, until it has joined again. */
  readonly joined: boolean;
  /** Since when that is so, in ms since 1970. */
  readonly since: number;
  /** What its last consumer died of, or what keeps the next one from joining. Stays after that has joined, until the next rebalance. */
  readonly error: BusbarError | undefined;
}

export interface Subscription {
  /** Partitions held now. */
  claims(): readonly Claim[];
  readonly membership: GroupMembership;
  /** Commits what is settled now; resolves when the broker has it. */
  flush(): Promise<void>;
  /** Stops fetching, revokes (drain and flush as above), leaves the group. */
  close(): Promise<void>;
}

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  /** -1: the broker's default. */
  readonly replicationFactor: number;
  /** Topic configuration entries, e.g. `retention.ms`. */
  readonly configs: Readonly<Record<string, string>>;
}

export interface TopicDescription {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
  readonly uncleanLeaderElection: boolean;
  readonly retentionMs: number;
  /** Most bytes of a batch as it is written, compressed or not: `max.message.bytes`. */
  readonly maxBatchBytes: number;
}

export interface KafkaAdmin {
  /** Number of brokers in the cluster; asked anew each time, so that a cluster that does not answer is noticed. */
  brokers(): Promise<number>;
  /** Names of all topics of the cluster, sorted, those that Kafka keeps for itself left out (they begin with `__`). */
  listTopics(): Promise<string[]>;
  /** Creates what is missing, leaves the rest alone, and resolves once every topic has leaders. Returns the created names. */
  ensureTopics(specs: readonly TopicSpec[]): Promise<string[]>;
  /** Those of the topics that exist. */
  describeTopics(topics: readonly string[]): Promise<TopicDescription[]>;
  /** First offset and end offset of every partition. */
  offsets(topic: string): Promise<{ partition: number; beginning: number; end: number }[]>;
  /** Committed offsets of a group; undefined where there is none. */
  committed(group: string, topic: string): Promise<{ partition: number; offset: number | undefined }[]>;
}
