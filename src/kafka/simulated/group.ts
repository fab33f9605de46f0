import { BusbarError } from '../../errors.js';
import type { SimulatedClock } from './clock.js';
import type { Conditions } from './conditions.js';
import type { PartitionLog } from './partition-log.js';
import type { SimulatedTopics } from './topics.js';

/** Whoever has joined lets the others so long to come too, in ms. */
const JOIN_MS = 3;

/** One consumer, as its group sees it. */
export interface GroupMember {
  readonly topics: readonly string[];
  /** The group rebalances: it waits until this member has given back what it holds and joins again. */
  rebalance(): void;
  /** Everybody has joined. The generation is what its commits are known by. */
  assigned(generation: number, partitions: readonly PartitionLog[]): void;
}

export interface GroupParts {
  readonly clock: SimulatedClock;
  readonly conditions: Conditions;
  readonly topics: SimulatedTopics;
  /** Whether it keeps its place when its last member has left. */
  readonly isLasting: boolean;
  /** It has committed, or has gone. */
  onProgress(): void;
}

/**
 * The coordinator of one group. It rebalances eagerly: when a member comes or goes, all give back everything and join
 * again, and once the last of them has joined the partitions are dealt out anew.
 */
export class SimulatedGroup {
  readonly #members = new Set<GroupMember>();
  /** Those that have joined since the rebalance began. */
  readonly #joined = new Set<GroupMember>();
  readonly #committed = new Map<PartitionLog, number>();
  readonly #owed = new Set<string>();
  readonly #parts: GroupParts;
  #generation = 0;

  constructor(parts: GroupParts) {
    this.#parts = parts;
  }

  /** Topics that its members read. */
  get topics(): ReadonlySet<string> {
    return new Set([...this.#members].flatMap(({ topics }) => topics));
  }

  /** Topics whose records it has to be given, whoever of its members is there. */
  get owed(): ReadonlySet<string> {
    return this.#owed;
  }

  /** It reads these topics, or is going to. */
  reads(topics: readonly string[]): void {
    for (const topic of topics) this.#owed.add(topic);
  }

  join(member: GroupMember): void {
    const { clock, conditions } = this.#parts;
    this.#members.add(member);
    this.#joined.add(member);
    this.reads(member.topics);
    this.#callTheOthers();
    clock.after(JOIN_MS + conditions.latency(), () => this.#dealOut());
  }

  /** The member has left, or was not heard of for too long. */
  leave(member: GroupMember): void {
    if (!this.#members.delete(member)) return;
    this.#joined.delete(member);
    this.#callTheOthers();
    this.#parts.clock.after(JOIN_MS, () => this.#dealOut());
    if (this.#members.size > 0 || this.#parts.isLasting) return;
    this.#committed.clear();
    this.#owed.clear();
    this.#parts.onProgress();
  }

  committed(partition: PartitionLog): number | undefined {
    return this.#committed.get(partition);
  }

  /** Throws for a member that the group no longer counts on: somebody else may have the partition. */
  commit(member: GroupMember, generation: number, partition: PartitionLog, offset: number): void {
    if (!this.#members.has(member) || generation !== this.#generation) {
      throw new BusbarError(
        'KAFKA_FAILED',
        `generation ${generation} is over: ${partition.topic}[${partition.partition}] is not its to commit`,
      );
    }
    this.#committed.set(partition, offset);
    this.#parts.onProgress();
  }

  #callTheOthers(): void {
    for (const member of this.#members) if (!this.#joined.has(member)) member.rebalance();
  }

  #dealOut(): void {
    if (this.#joined.size === 0 || this.#joined.size < this.#members.size) return;
    const { conditions, topics } = this.#parts;
    const generation = ++this.#generation;
    const hands = new Map([...this.#joined].map((member): [GroupMember, PartitionLog[]] => [member, []]));
    this.#joined.clear();
    const order = conditions.shuffled([...hands.keys()]);
    let dealt = 0;
    for (const topic of [...this.topics].toSorted()) {
      const readers = order.filter((member) => member.topics.includes(topic));
      for (const partition of topics.get(topic).partitions) hands.get(readers[dealt++ % readers.length]!)!.push(partition);
    }
    for (const [member, partitions] of hands) member.assigned(generation, partitions);
  }
}
