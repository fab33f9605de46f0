import { Notices } from '../../telemetry/notices.js';
import type { InRecord, WireRecord } from '../record.js';
import { systemTime, type SimulatedClock } from './clock.js';
import { Conditions, type Disturbances } from './conditions.js';
import { SimulatedDriver } from './driver.js';
import { SimulatedGroups } from './groups.js';
import type { PartitionLog } from './partition-log.js';
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
  #appendedAgain = 0;

  constructor(options: SimulatedKafkaOptions = {}) {
    const { seed = 1, clock = systemTime, disturbances = {} } = options;
    this.#options = options;
    this.#clock = clock;
    this.#conditions = new Conditions(seed, clock, disturbances);
    this.#topics = new SimulatedTopics(0);
    this.#groups = new SimulatedGroups(clock, this.#conditions, this.#topics, () => undefined);
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
    return this.#groups.names.every((name) => {
      const group = this.#groups.get(name);
      const logs = [...group.topics].flatMap((topic) => this.#topics.get(topic).partitions);
      return logs.every((log) => (group.committed(log) ?? log.beginning) === log.end);
    });
  }

  #append(log: PartitionLog, records: readonly WireRecord[]): number {
    if (this.#conditions.appendsAgain()) {
      this.#clock.after(this.#conditions.latency(), () => {
        this.#appendedAgain += records.length;
        log.append(records);
      });
    }
    return log.append(records);
  }
}
