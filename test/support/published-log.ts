import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import type { InRecord } from '../../src/kafka/record.js';
import { Notices } from '../../src/telemetry/notices.js';
import { Reader } from '../../src/testing/driver-conformance-stage.js';
import { until } from './application.js';
import { uniquePrefix } from './kafka.js';
import type { Call } from './publishing.js';

const numberOf = ({ value }: InRecord): number => (JSON.parse(String(value)) as { number: number }).number;
const placeOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}[${partition}]`;

/** What the log says of the calls: read whole, from the beginning. */
export class PublishedLog {
  readonly #onLog: ReadonlySet<number>;
  readonly #at: ReadonlyMap<string, number>;
  readonly #calls: readonly Call[];

  private constructor(
    private readonly records: readonly InRecord[],
    calls: readonly Call[],
    private readonly topicOf: (call: Call) => string,
  ) {
    this.#calls = calls;
    this.#onLog = new Set(records.map(numberOf));
    this.#at = new Map(records.map((record) => [`${placeOf(record)}@${record.offset}`, numberOf(record)]));
  }

  static async read(
    bootstrap: string,
    topics: readonly string[],
    calls: readonly Call[],
    topicOf: (call: Call) => string,
  ): Promise<PublishedLog> {
    const driver = kafkajsDriver({ brokers: bootstrap.split(','), clientId: 'reader', fetchMaxWaitMs: 50 }, new Notices());
    await driver.connect();
    const ends = (await Promise.all(topics.map((topic) => driver.admin.offsets(topic)))).flat();
    const reader = new Reader(driver, topics, uniquePrefix());
    await reader.join();
    const count = ends.reduce((sum, { end }) => sum + end, 0);
    await until(() => reader.records.length >= count);
    await driver.close(5_000);
    const records = reader.records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
    return new PublishedLog(records, calls, topicOf);
  }

  /** Records beside the first of each event. */
  get copies(): number {
    return this.records.length - this.#onLog.size;
  }

  /** Acknowledged and not on the log. */
  lost(): readonly number[] {
    return this.#safe()
      .filter(({ number }) => !this.#onLog.has(number))
      .map(({ number }) => number);
  }

  /** Acknowledged with a place where something else is. */
  misplaced(): readonly Call[] {
    return this.#safe().filter((call) => {
      const { receipt } = call;
      if (receipt?.where !== 'kafka') return true;
      return receipt.topic !== this.topicOf(call) || this.#at.get(`${placeOf(receipt)}@${receipt.offset}`) !== call.number;
    });
  }

  /** Rejected as certainly not on the log, and there. */
  falselyNotSent(): readonly Call[] {
    return this.#calls.filter(({ error, number }) => error?.certainty === 'not-sent' && this.#onLog.has(number));
  }

  /** Events that come, where they come first, behind one that was published later to the same partition. One in doubt may come late. */
  outOfOrder(): readonly { readonly place: string; readonly number: number; readonly behind: number }[] {
    const safe = new Set(this.#safe().map(({ number }) => number));
    const seen = new Set<number>();
    const last = new Map<string, number>();
    return this.records.flatMap((record) => {
      const [number, place] = [numberOf(record), placeOf(record)];
      if (seen.has(number) || !safe.has(number)) return [];
      seen.add(number);
      const behind = last.get(place) ?? -1;
      last.set(place, Math.max(number, behind));
      return number < behind ? [{ place, number, behind }] : [];
    });
  }

  #safe(): readonly Call[] {
    return this.#calls.filter(({ receipt }) => receipt !== undefined);
  }
}
