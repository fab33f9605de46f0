import type { TopicPartition } from './inbound.js';
import type { KafkaAdmin } from '../kafka/driver.js';

export interface PartitionLag extends TopicPartition {
  /** The group's committed offset; undefined before its first commit. */
  readonly committed: number | undefined;
  /** Offset of the next record to be written. */
  readonly end: number;
  /** Records behind the committed offset that are on the log; without a commit, all that are. */
  readonly lag: number;
}

/** How far the committed offsets of a group are behind, for every partition of the topics; asks the broker. */
export async function lagOf(admin: KafkaAdmin, group: string, topics: readonly string[]): Promise<readonly PartitionLag[]> {
  const lags: PartitionLag[] = [];
  // One after the other: while no broker answers, other questions wait for one of these and not for all.
  for (const topic of topics) {
    // Commits first: what is committed meanwhile must not lie beyond the end.
    const commits = await admin.committed(group, topic);
    const ends = await admin.offsets(topic);
    for (const { partition, beginning, end } of ends) {
      const committed = commits.find((one) => one.partition === partition)?.offset;
      lags.push({ topic, partition, committed, end, lag: behind(committed ?? beginning, beginning, end) });
    }
  }
  return lags;
}

/** Records may be gone that were not read, and a topic that was made again ends before what was committed of the one before. */
function behind(committed: number, beginning: number, end: number): number {
  return Math.max(0, end - Math.max(committed, beginning));
}

/**
 * Whether the groups have committed past every record of their topics, and none came while this was found out. What a
 * record derives is on the log before the record's offset is committed: when this is true of all groups, and nobody
 * publishes from outside, there is nothing left to do.
 */
export async function nothingLeft(lag: () => Promise<readonly PartitionLag[]>): Promise<boolean> {
  const ends = async (): Promise<string | undefined> => {
    const all = await lag();
    // Without a commit it has not been begun: a group commits where it begins. A commit beyond the end is of another log.
    if (all.some(({ committed, end }) => committed !== end)) return undefined;
    return JSON.stringify(all.map(({ topic, partition, end }) => [topic, partition, end]));
  };
  const before = await ends();
  return before !== undefined && before === (await ends());
}
