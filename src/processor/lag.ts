import type { TopicPartition } from '../inbound/inbound.js';
import type { KafkaAdmin } from '../kafka/driver.js';

export interface PartitionLag extends TopicPartition {
  /** The group's committed offset; undefined before its first commit. */
  readonly committed: number | undefined;
  /** Offset of the next record to be written. */
  readonly end: number;
  /** Records between the two; without a commit, all that are on the log. */
  readonly lag: number;
}

/** How far the committed offsets of a group are behind, for every partition of the topics; asks the broker. */
export async function lagOf(admin: KafkaAdmin, group: string, topics: readonly string[]): Promise<readonly PartitionLag[]> {
  const lags = await Promise.all(
    topics.map(async (topic) => {
      const [ends, commits] = await Promise.all([admin.offsets(topic), admin.committed(group, topic)]);
      return ends.map(({ partition, beginning, end }): PartitionLag => {
        const committed = commits.find((one) => one.partition === partition)?.offset;
        return { topic, partition, committed, end, lag: end - (committed ?? beginning) };
      });
    }),
  );
  return lags.flat();
}
