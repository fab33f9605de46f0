import { Notices } from '../../telemetry/notices.js';
import type { InRecord, WireRecord } from '../record.js';
import { systemTime, type SimulatedClock } from './clock.js';
import { Conditions, type Disturbances } from './conditions.js';
import { SimulatedDriver } from './driver.js';
import { SimulatedGroups } from './groups.js';
import { SimulatedGroup } from './group.js';
import type { PartitionLog } from './partition-log.js';
import { Retention, type Forgetting, type Held } from './retention.js';
import { SimulatedTopics } from './topics.js';

export interface SimulatedKafkaOptions {
  /** What everything that is left to chance is drawn from. Default: 1. */
  readonly seed?: number | undefined;
  /** Default: the time of the machine. */
  readonly clock?: SimulatedClock | undefined;
  /** Default: none. */
  readonly disturbances?: Disturbances | undefined;
  /** After so long, in ms, a group gives up a member that has crashed. Default: 10,000. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Settled offsets are committed at the latest after this time, in ms. Default: 200. */
  readonly commitIntervalMs?: number | undefined;
  /** How long a rebalance and a close wait for `onRevoked`, in ms. Default: 10,000. */
  readonly drainMs?: number | undefined;
  /** Default: nothing is forgotten. */
  readonly forgetting?: Forgetting | undefined;
  /** Told when a group has committed, or has gone. */
  readonly onProgress?: (() => void) | undefined;
  /** Offset of the first record of every partition. Default: 0. */
  readonly firstOffset?: number | undefined;
}

/**
 * A Kafka without a broker: topics, groups, rebalances, commits and crashes, in this process. Several drivers on one are
 * several processes. With a seed and a `VirtualClock`, a run is repeated from its seed, and no time is spent waiting.
 */
export class SimulatedKafka {
  readonly #options: SimulatedKafkaOptions;
  readonly #clock: SimulatedClock;
  readonly #conditions: Conditions;
  readonly #topics: SimulatedTopics;
  readonly #groups: SimulatedGroups;
  readonly #retention: Retention | undefined;
  #appendedAgain = 0;

  constructor(options: SimulatedKafkaOptions = {}) {
    const { seed = 1, clock = systemTime, disturbances = {}, forgetting, firstOffset = 0 } = options;
    this.#options = options;
    this.#clock = clock;
    this.#conditions = new Conditions(seed, clock, disturbances);
    this.#topics = new SimulatedTopics(firstOffset);
    this.#groups = new SimulatedGroups(
      (name) =>
        new SimulatedGroup({
          clock,
          conditions: this.#conditions,
          topics: this.#topics,
          isLasting: forgetting?.isLasting(name) ?? true,
          onProgress: () => this.#progressed(),
        }),
    );
    if (forgetting !== undefined) this.#retention = new Retention(this.#topics, this.#groups, (topic) => forgetting.keep(topic));
  }

  /** One more process. */
  driver(notices = new Notices()): SimulatedDriver {
    const { commitIntervalMs = 200, drainMs = 10_000, sessionTimeoutMs = 10_000 } = this.#options;
    return new SimulatedDriver({
      clock: this.#clock,
      conditions: this.#conditions,
      topics: this.#topics,
      groups: this.#groups,
      notices,
      // What forgets is a log for the time being; what only simulates one stands for a log that stays.
      logEndsWithProcess: this.#options.forgetting !== undefined,
      commitIntervalMs,
      drainMs,
      sessionTimeoutMs,
      append: (log, records) => this.#append(log, records),
    });
  }

  /** What is on the log of a topic now, by partition. Throws `TOPIC_MISSING`. */
  log(topic: string): readonly (readonly InRecord[])[] {
    return this.#topics.get(topic).partitions.map(({ records }) => [...records]);
  }

  /** How many of the records on the log are there because a batch was appended again. */
  get appendedAgain(): number {
    return this.#appendedAgain;
  }

  /** Whether every group that has members has committed past everything on the log of what it reads. */
  get isCaughtUp(): boolean {
    return this.#groups.all().every((group) => {
      const logs = [...group.topics].flatMap((topic) => this.#topics.get(topic).partitions);
      return logs.every((log) => (group.committed(log) ?? log.beginning) === log.end);
    });
  }

  /** What a group that is going to read these topics is not to miss is kept from now on. */
  reserve(group: string, topics: readonly string[]): void {
    this.#groups.get(group).reads(topics);
  }

  /** What is kept because some group has yet to commit past it; nothing where nothing is forgotten. */
  get unsettled(): Held {
    return this.#retention?.unsettled ?? { records: 0, bytes: 0 };
  }

  #progressed(): void {
    this.#retention?.sweep();
    this.#options.onProgress?.();
  }

  #append(log: PartitionLog, records: readonly WireRecord[]): number {
    if (this.#conditions.appendsAgain()) {
      this.#clock.after(this.#conditions.latency(), () => {
        this.#appendedAgain += records.length;
        log.append(records);
      });
    }
    const offset = log.append(records);
    this.#retention?.sweepOne(log);
    return offset;
  }
}
