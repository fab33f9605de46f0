import type { ErrorCode } from '../errors.js';
import { LastError, type ErrorStats } from './last-error.js';
import { Latency, type LatencyStats } from './latency.js';

/** Records, and the bytes of their keys and values, uncompressed. */
export interface Volume {
  readonly records: number;
  readonly bytes: number;
}

/** What this process did on one topic. */
export interface TopicStats {
  /** Acknowledged by the broker. */
  readonly sent: Volume;
  /** Read, by every group of this process that reads the topic. */
  readonly received: Volume;
  /** Batches that were sent again. */
  readonly retries: number;
  /** From the sending of a record's batch to its acknowledgement. */
  readonly latencyMs: LatencyStats;
  /** Of sending. */
  readonly lastError: ErrorStats | null;
}

/** The parts of a record that have a size. */
interface Sized {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

class Tally {
  records = 0;
  bytes = 0;

  add({ key, value }: Sized): void {
    this.records += 1;
    this.bytes += (key?.length ?? 0) + (value?.length ?? 0);
  }

  volume(): Volume {
    return { records: this.records, bytes: this.bytes };
  }
}

/** Counts what is sent to one topic and received from it. */
export class TopicMeter {
  readonly #sent = new Tally();
  readonly #received = new Tally();
  readonly #latency = new Latency();
  readonly #lastError = new LastError();
  #retries = 0;

  /** A batch was acknowledged, `ms` after it was handed to the driver. */
  sent(records: readonly Sized[], ms: number): void {
    for (const record of records) {
      this.#sent.add(record);
      this.#latency.record(ms);
    }
  }

  received(records: readonly Sized[]): void {
    for (const record of records) this.#received.add(record);
  }

  sentAgain(): void {
    this.#retries += 1;
  }

  failed({ code, reason }: { readonly code: ErrorCode; readonly reason: string }): void {
    this.#lastError.say(code, reason);
  }

  stats(): TopicStats {
    return {
      sent: this.#sent.volume(),
      received: this.#received.volume(),
      retries: this.#retries,
      latencyMs: this.#latency.stats(),
      lastError: this.#lastError.stats(),
    };
  }
}

/** Topics beyond these share one entry: their names may come from outside. */
const MOST_TOPICS = 1_000;
export const OTHER_TOPICS = '(other)';

/** The meters of the topics that one service sends to and reads from, by their full names. */
export class TopicMeters {
  readonly #meters = new Map<string, TopicMeter>();

  of(topic: string): TopicMeter {
    const known = this.#meters.get(topic);
    if (known !== undefined) return known;
    if (this.#meters.size >= MOST_TOPICS && topic !== OTHER_TOPICS) return this.of(OTHER_TOPICS);
    const meter = new TopicMeter();
    this.#meters.set(topic, meter);
    return meter;
  }

  /** Gives a topic its entry before anything has happened on it. */
  add(topic: string): void {
    void this.of(topic);
  }

  stats(): ReadonlyMap<string, TopicStats> {
    return new Map(Array.from(this.#meters, ([topic, meter]) => [topic, meter.stats()]));
  }
}
