import kafkajs, { type Admin, type PartitionMetadata } from 'kafkajs';

import { BusbarError } from '../../errors.js';
import type { KafkaAdmin, TopicDescription, TopicSpec } from '../driver.js';
import type { AdminClient } from './admin-client.js';
import { Backoff } from './backoff.js';
import { protocolType } from './failure.js';

/** Kafka's own default. */
const MAX_BATCH_BYTES = 1_048_588;

/** What kafkajs answers where a group has committed nothing. */
export const NO_OFFSET = -1;

/** How long a new topic may take to get leaders. */
const LEADERS_MS = 30_000;

export class KafkaJsAdmin implements KafkaAdmin {
  readonly #client: AdminClient;
  readonly #cluster: AdminClient;

  /** `cluster` is a connection of its own: whether brokers answer is not asked behind questions that take long. */
  constructor(client: AdminClient, cluster: AdminClient) {
    this.#client = client;
    this.#cluster = cluster;
  }

  brokers(): Promise<number> {
    return this.#cluster.run('cannot count the brokers', async (admin) => (await admin.describeCluster()).brokers.length);
  }

  listTopics(): Promise<string[]> {
    return this.#client.run('cannot list the topics', async (admin) =>
      (await admin.listTopics()).filter((topic) => !topic.startsWith('__')).toSorted(),
    );
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<string[]> {
    const created = await this.#client.run(`cannot create ${named(specs.map(({ topic }) => topic))}`, (admin) =>
      createMissing(admin, specs),
    );
    const topics = specs.map(({ topic }) => topic);
    const until = Date.now() + LEADERS_MS;
    const backoff = new Backoff(20, 500);
    let without: string | undefined;
    while (
      (without = await this.#client.run(`cannot read the leaders of ${named(topics)}`, (admin) => withoutLeader(admin, topics))) !==
      undefined
    ) {
      if (Date.now() > until) throw new BusbarError('KAFKA_FAILED', `${without} has no leader`, { retriable: true });
      await backoff.pause();
    }
    this.#client.there(topics);
    return created;
  }

  describeTopics(topics: readonly string[]): Promise<TopicDescription[]> {
    const describing = async (admin: Admin): Promise<TopicDescription[]> => {
      const existing = new Set(await admin.listTopics());
      const found = topics.filter((topic) => existing.has(topic) || this.#client.wasThere(topic));
      if (found.length === 0) return [];
      const metadata = await admin.fetchTopicMetadata({ topics: found });
      const configs = await topicConfigs(admin, found);
      return metadata.topics.map(({ name, partitions }) => describe(name, partitions, configs.get(name) ?? new Map()));
    };
    return this.#client.run(`cannot describe ${named(topics)}`, describing, topics);
  }

  offsets(topic: string): Promise<{ partition: number; beginning: number; end: number }[]> {
    const reading = async (admin: Admin): Promise<{ partition: number; beginning: number; end: number }[]> => {
      const offsets = await admin.fetchTopicOffsets(topic);
      return offsets.map(({ partition, low, high }) => ({ partition, beginning: Number(low), end: Number(high) })).sort(byPartition);
    };
    return this.#client.run(`cannot read the offsets of ${topic}`, reading, [topic]);
  }

  async committed(group: string, topic: string): Promise<{ partition: number; offset: number | undefined }[]> {
    return (await this.groupOffsets(group, topic)).map(({ partition, offset }) => ({ partition, offset: offset < 0 ? undefined : offset }));
  }

  /** As the group has them: below 0 where there is none, `NO_OFFSET` unless kafkajs has reset itself. */
  groupOffsets(group: string, topic: string): Promise<{ partition: number; offset: number }[]> {
    const reading = async (admin: Admin): Promise<{ partition: number; offset: number }[]> => {
      try {
        const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
        return (found?.partitions ?? []).map(({ partition, offset }) => ({ partition, offset: Number(offset) })).sort(byPartition);
      } catch (error) {
        // Kafka answers "none" for a group that it does not know; the embedded broker answers with an error.
        if (protocolType(error) !== 'GROUP_ID_NOT_FOUND') throw error;
        return (await partitionsOf(admin, topic))
          .map(({ partitionId }) => ({ partition: partitionId, offset: NO_OFFSET }))
          .sort(byPartition);
      }
    };
    return this.#client.run(`cannot read the committed offsets of ${group}`, reading, [topic]);
  }

  /** Of all these topics together. Rejects `TOPIC_MISSING`. */
  countPartitions(topics: readonly string[]): Promise<number> {
    const counting = async (admin: Admin): Promise<number> => {
      const metadata = await admin.fetchTopicMetadata({ topics: [...topics] });
      return metadata.topics.reduce((sum, { partitions }) => sum + partitions.length, 0);
    };
    return this.#client.run(`cannot read the partitions of ${named(topics)}`, counting, topics);
  }
}

async function partitionsOf(admin: Admin, topic: string): Promise<PartitionMetadata[]> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics.find(({ name }) => name === topic)?.partitions ?? [];
}

async function createMissing(admin: Admin, specs: readonly TopicSpec[]): Promise<string[]> {
  const existing = new Set(await admin.listTopics());
  const created: string[] = [];
  for (const { topic, partitions, replicationFactor, configs } of specs) {
    if (existing.has(topic)) continue;
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
    const topics = [{ topic, numPartitions: partitions, replicationFactor, configEntries }];
    // False when another process has just created it.
    if (await admin.createTopics({ waitForLeaders: false, topics })) created.push(topic);
  }
  return created;
}

const MOST_NAMED = 5;

function named(topics: readonly string[]): string {
  const more = topics.length - MOST_NAMED;
  return topics.slice(0, MOST_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** One of the topics that are not ready. */
async function withoutLeader(admin: Admin, topics: readonly string[]): Promise<string | undefined> {
  try {
    const metadata = await admin.fetchTopicMetadata({ topics: [...topics] });
    return metadata.topics.find(({ partitions }) => partitions.length === 0 || partitions.some(({ leader }) => leader < 0))?.name;
  } catch (error) {
    const type = protocolType(error);
    if (type !== 'UNKNOWN_TOPIC_OR_PARTITION' && type !== 'LEADER_NOT_AVAILABLE') throw error;
    return topics.join(', ');
  }
}

async function topicConfigs(admin: Admin, topics: readonly string[]): Promise<Map<string, Map<string, string>>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
}

function describe(topic: string, partitions: readonly PartitionMetadata[], configs: ReadonlyMap<string, string>): TopicDescription {
  return {
    topic,
    partitions: partitions.length,
    replicationFactor: partitions[0]?.replicas.length ?? 0,
    minInsyncReplicas: Number(configs.get('min.insync.replicas') ?? 1),
    uncleanLeaderElection: configs.get('unclean.leader.election.enable') === 'true',
    retentionMs: Number(configs.get('retention.ms') ?? -1),
    maxBatchBytes: Number(configs.get('max.message.bytes') ?? MAX_BATCH_BYTES),
  };
}

function byPartition(a: { partition: number }, b: { partition: number }): number {
  return a.partition - b.partition;
}
