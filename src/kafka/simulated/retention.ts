import type { SimulatedGroups } from './groups.js';
import type { PartitionLog } from './partition-log.js';
import type { SimulatedTopics } from './topics.js';

/** What may be forgotten, so that a log in memory stays bounded. */
export interface Forgetting {
  /** How many of the last records of each partition of a topic are kept although no group is going to read them. */
  keep(topic: string): number;
  /** Whether a group keeps its place when its last member has left; of others nothing is remembered then. */
  isLasting(group: string): boolean;
}

/** Records that are kept for a group. */
export interface Held {
  readonly records: number;
  /** About, with what is kept beside them. */
  readonly bytes: number;
}

/** Lets records go once every group that reads their topic has committed past them. */
export class Retention {
  readonly #topics: SimulatedTopics;
  readonly #groups: SimulatedGroups;
  readonly #keep: (topic: string) => number;

  constructor(topics: SimulatedTopics, groups: SimulatedGroups, keep: (topic: string) => number) {
    this.#topics = topics;
    this.#groups = groups;
    this.#keep = keep;
  }

  sweep(): void {
    for (const log of this.#topics.partitions) this.sweepOne(log);
  }

  sweepOne(log: PartitionLog): void {
    log.letGo(Math.min(this.#settled(log), log.end - this.#keep(log.topic)));
  }

  /** What some group has yet to commit past. */
  get unsettled(): Held {
    let records = 0;
    let bytes = 0;
    for (const log of this.#topics.partitions) {
      const waiting = log.end - this.#settled(log);
      if (waiting === 0) continue;
      records += waiting;
      bytes += log.bytes;
    }
    return { records, bytes };
  }

  /** Below this every group that reads the topic has committed. */
  #settled(log: PartitionLog): number {
    let settled = log.end;
    for (const group of this.#groups.all()) {
      if (group.owed.has(log.topic)) settled = Math.min(settled, group.committed(log) ?? log.beginning);
    }
    return settled;
  }
}
