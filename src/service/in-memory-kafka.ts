import type { Outlet } from '../bus/outlet.js';
import type { KafkaConfig } from '../config/kafka-config.js';
import { BusbarError } from '../errors.js';
import type { KafkaDriver } from '../kafka/driver.js';
import { SimulatedKafka } from '../kafka/simulated/simulated-kafka.js';
import type { TopicNames } from '../kafka/topics.js';
import type { Notices } from '../telemetry/notices.js';
import { Backlog } from './backlog.js';
import { settlesBefore } from './deadline.js';

/** Most records that may wait for processors in memory; beyond it `publish` waits. */
const UNSETTLED_RECORDS = 10_000;
/** So many dead letters of each partition can be looked at. */
const DEAD_LETTERS = 100;
/** Nothing is saved by waiting: a commit is an assignment here. */
const COMMIT_INTERVAL_MS = 10;

/**
 * What takes the place of Kafka with `KAFKA_ENABLED=false`: the simulated one, without disturbances, in this process.
 * Records are let go as soon as every group that reads their topic has committed past them.
 */
export class InMemoryKafka {
  readonly driver: KafkaDriver;
  readonly #kafka: SimulatedKafka;
  readonly #backlog: Backlog;
  readonly #notices: Notices;
  #isDraining = false;
  #progressed: () => void = () => undefined;

  constructor({ groupId, bufferMemory }: KafkaConfig, names: TopicNames, notices: Notices) {
    this.#notices = notices;
    this.#kafka = new SimulatedKafka({
      commitIntervalMs: COMMIT_INTERVAL_MS,
      // A store outlives this log: an offset that it remembers must not be that of another record.
      firstOffset: Date.now() * 1_000,
      forgetting: {
        keep: (topic) => (names.isDeadLetter(topic) ? DEAD_LETTERS : 0),
        isLasting: (group) => group.startsWith(`${groupId}.`),
      },
      onProgress: () => {
        this.#backlog.lookAgain();
        this.#progressed();
      },
    });
    this.#backlog = new Backlog({ records: UNSETTLED_RECORDS, bytes: bufferMemory }, () => this.#kafka.unsettled);
    this.driver = this.#kafka.driver(notices);
  }

  /** Nothing is let go that this group is going to read. */
  reserve(group: string, topics: readonly string[]): void {
    this.#kafka.reserve(group, topics);
  }

  /** Stands between the bus and the publisher: bounds what is published, and says in the receipt where it is safe. */
  outlet(publisher: Outlet): Outlet {
    return async (envelope, deadline) => {
      // What is still to be handled may cause events, but nothing new may begin.
      if (this.#isDraining && envelope.causationId === undefined) {
        throw new BusbarError('BUS_CLOSED', 'the service stops and takes no more events');
      }
      await this.#backlog.enter(deadline);
      try {
        const { safe } = await publisher(envelope, deadline);
        return { safe: this.#inMemory(safe) };
      } catch (error) {
        this.#backlog.arrived();
        throw error;
      }
    };
  }

  /** Lets nothing new in and waits until everything is settled, derived events included; until the deadline at most (ms since 1970). */
  async drain(deadline: number): Promise<void> {
    this.#isDraining = true;
    const settled = new Promise<void>((resolve) => {
      this.#progressed = () => {
        // What waits for a processor that has failed waits in vain.
        if (this.#backlog.isEmpty && this.#kafka.isCaughtUp) resolve();
      };
      this.#progressed();
    });
    await settlesBefore(settled, deadline);
    this.#backlog.close();
  }

  /** Ends everything. What was not settled is gone, and a notice says so. */
  async close(deadlineMs: number): Promise<void> {
    await this.driver.close(deadlineMs);
    const { records } = this.#kafka.unsettled;
    if (records === 0) return;
    const message = 'the service has stopped, and with it are gone the records in memory that no processor had settled';
    this.#notices.raise({ level: 'error', code: 'RECORDS_DROPPED', message, details: { records } });
  }

  async #inMemory(safe: Promise<unknown>): Promise<{ readonly where: 'memory' }> {
    try {
      await safe;
      return { where: 'memory' };
    } finally {
      this.#backlog.arrived();
    }
  }
}
