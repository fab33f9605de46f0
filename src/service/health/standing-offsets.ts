import type { TopicPartition } from '../../inbound/inbound.js';
import type { PartitionLag } from '../../inbound/lag.js';

/** The broker is asked no more often: each time it costs it some requests per topic. */
const EVERY_MS = 3_000;

/** A committed offset that has records behind it and does not move. */
export interface StandingOffset extends TopicPartition {
  readonly committed: number;
  readonly lag: number;
  /** Since when it was seen so, in ms since 1970. */
  readonly since: number;
}

/** Follows the committed offsets of a group, beside the rounds: nobody waits for the broker here, and no answer says nothing. */
export class StandingOffsets {
  readonly #ask: () => Promise<readonly PartitionLag[] | undefined>;
  #standing: readonly StandingOffset[] = [];
  #asking = false;
  #askedAt = 0;

  constructor(ask: () => Promise<readonly PartitionLag[] | undefined>) {
    this.#ask = ask;
  }

  /** Those of the partitions held now, as they were a few seconds ago. */
  of(held: readonly TopicPartition[]): readonly StandingOffset[] {
    if (!this.#asking && Date.now() - this.#askedAt >= EVERY_MS) void this.#look(held);
    return this.#standing.filter((one) => held.some((other) => isSame(one, other)));
  }

  async #look(held: readonly TopicPartition[]): Promise<void> {
    this.#asking = true;
    this.#askedAt = Date.now();
    try {
      const lags = (await this.#ask()) ?? [];
      this.#standing = this.#follow(lags.filter((lag) => held.some((one) => isSame(one, lag))));
    } catch {
      this.#standing = []; // the check of the broker says so
    } finally {
      this.#asking = false;
    }
  }

  #follow(lags: readonly PartitionLag[]): StandingOffset[] {
    const now = Date.now();
    return lags.flatMap(({ topic, partition, committed, lag }) => {
      if (committed === undefined || lag <= 0) return [];
      const before = this.#standing.find((one) => isSame(one, { topic, partition }) && one.committed === committed);
      return { topic, partition, committed, lag, since: before?.since ?? now };
    });
  }
}

function isSame(one: TopicPartition, other: TopicPartition): boolean {
  return one.topic === other.topic && one.partition === other.partition;
}
