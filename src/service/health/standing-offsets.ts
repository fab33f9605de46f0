import type { TopicPartition } from '../../inbound/inbound.js';
import type { LagReading } from '../lag-watch.js';

/** An answer that is older says nothing of now; the brokers are asked every few seconds. */
const STALE_MS = 10_000;

/** A committed offset that has records behind it and does not move. */
export interface StandingOffset extends TopicPartition {
  readonly committed: number;
  readonly lag: number;
  /** Since when it was seen so, in ms since 1970. */
  readonly since: number;
}

/** Follows the committed offsets of a group from one answer of the broker to the next. */
export class StandingOffsets {
  readonly #latest: () => LagReading | undefined;
  #seen: LagReading | undefined;
  #standing: readonly StandingOffset[] = [];

  /** `latest` is how far the group was behind when the broker was asked last. */
  constructor(latest: () => LagReading | undefined) {
    this.#latest = latest;
  }

  /** Those of the partitions held now, as they were a few seconds ago. None while the broker does not answer: its check says so. */
  of(held: readonly TopicPartition[]): readonly StandingOffset[] {
    const reading = this.#latest();
    if (reading === undefined || Date.now() - reading.asOf.getTime() > STALE_MS) this.#standing = [];
    else if (reading !== this.#seen) this.#standing = this.#follow(reading, held);
    this.#seen = reading;
    return this.#standing.filter((one) => held.some((other) => isSame(one, other)));
  }

  #follow({ partitions, asOf }: LagReading, held: readonly TopicPartition[]): StandingOffset[] {
    return partitions.flatMap(({ topic, partition, committed, lag }) => {
      const at = { topic, partition };
      if (committed === undefined || lag === 0 || !held.some((one) => isSame(one, at))) return [];
      const before = this.#standing.find((one) => isSame(one, at) && one.committed === committed);
      return { ...at, committed, lag, since: before?.since ?? asOf.getTime() };
    });
  }
}

export function isSame(one: TopicPartition, other: TopicPartition): boolean {
  return one.topic === other.topic && one.partition === other.partition;
}
