import kafkajs, { type Admin, type PartitionMetadata } from 'kafkajs';

import { BusbarError } from '../../errors.js';
import type { KafkaAdmin, TopicDescription, TopicSpec } from '../driver.js';
import { Backoff } from './backoff.js';
import { protocolType, toBusbarError } from './failure.js';

/** How long a new topic may take to get leaders. */
const LEADERS_MS = 30_000;

export class KafkaJsAdmin implements KafkaAdmin {
  readonly #admin: Admin;
  readonly #brokers: readonly string[];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(admin: Admin, brokers: readonly string[]) {
    this.#admin = admin;
    this.#brokers = brokers;
  }

  brokers(): Promise<number> {
    return this.#try('cannot count the brokers', async () => (await this.#admin.describeCluster()).brokers.length);
  }

  ensureTopics(specs: readonly TopicSpec[]): Promise<string[]> {
    return this.#try('cannot create topics', async () => {
      const existing = new Set(await this.#admin.listTopics());
      const created: string[] = [];
      for (const spec of specs) {
        if (!existing.has(spec.topic) && (await this.#create(spec))) created.push(spec.topic);
      }
      await this.#leaders(specs.map(({ topic }) => topic));
      return created;
    });
  }

  describeTopics(topics: readonly string[]): Promise<TopicDescription[]> {
    return this.#try('cannot describe topics', async () => {
      const existing = new Set(await this.#admin.listTopics());
      const found = topics.filter((topic) => existing.has(topic));
      if (found.length === 0) return [];
      const metadata = await this.#admin.fetchTopicMetadata({ topics: found });
      const configs = await this.#configs(found);
      return metadata.topics.map(({ name, partitions }) => {
        const config = configs.get(name) ?? new Map<string, string>();
        return {
          topic: name,
          partitions: partitions.length,
          replicationFactor: partitions[0]?.replicas.length ?? 0,
          minInsyncReplicas: Number(config.get('min.insync.replicas') ?? 1),
          uncleanLeaderElection: config.get('unclean.leader.election.enable') === 'true',
          retentionMs: Number(config.get('retention.ms') ?? -1),
        };
      });
    });
  }

  offsets(topic: string): Promise<{ partition: number; beginning: number; end: number }[]> {
    return this.#try(`cannot read the offsets of ${topic}`, async () => {
      const offsets = await this.#admin.fetchTopicOffsets(topic);
      return offsets.map(({ partition, low, high }) => ({ partition, beginning: Number(low), end: Number(high) })).sort(byPartition);
    });
  }

  committed(group: string, topic: string): Promise<{ partition: number; offset: number | undefined }[]> {
    return this.#try(`cannot read the committed offsets of ${group}`, async () => {
      try {
        const [found] = await this.#admin.fetchOffsets({ groupId: group, topics: [topic] });
        return (found?.partitions ?? []).map(({ partition, offset }) => ({ partition, offset: known(offset) })).sort(byPartition);
      } catch (error) {
        // Kafka answers "none" for a group that it does not know; the embedded broker answers with an error.
        if (protocolType(error) !== 'GROUP_ID_NOT_FOUND') throw error;
        return (await this.#partitionsOf(topic)).map(({ partitionId }) => ({ partition: partitionId, offset: undefined })).sort(byPartition);
      }
    });
  }

  /** Rejects `TOPIC_MISSING`. */
  partitions(topic: string): Promise<PartitionMetadata[]> {
    return this.#try(`cannot read the partitions of ${topic}`, () => this.#partitionsOf(topic));
  }

  async #partitionsOf(topic: string): Promise<PartitionMetadata[]> {
    const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] });
    return topics.find(({ name }) => name === topic)?.partitions ?? [];
  }

  /** False when another process has just created it. */
  async #create({ topic, partitions, replicationFactor, configs }: TopicSpec): Promise<boolean> {
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
    return this.#admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic, numPartitions: partitions, replicationFactor, configEntries }],
    });
  }

  async #leaders(topics: readonly string[]): Promise<void> {
    const until = Date.now() + LEADERS_MS;
    const backoff = new Backoff(20, 500);
    while (true) {
      const without = await this.#leaderless(topics);
      if (without === undefined) return;
      if (Date.now() > until) throw new BusbarError('KAFKA_FAILED', `${without} has no leader`, { retriable: true });
      await backoff.pause();
    }
  }

  async #leaderless(topics: readonly string[]): Promise<string | undefined> {
    try {
      const metadata = await this.#admin.fetchTopicMetadata({ topics: [...topics] });
      return metadata.topics.find(({ partitions }) => partitions.length === 0 || partitions.some(({ leader }) => leader < 0))?.name;
    } catch (error) {
      const type = protocolType(error);
      if (type !== 'UNKNOWN_TOPIC_OR_PARTITION' && type !== 'LEADER_NOT_AVAILABLE') throw error;
      return topics.join(', ');
    }
  }

  async #configs(topics: readonly string[]): Promise<Map<string, Map<string, string>>> {
    const { resources } = await this.#admin.describeConfigs({
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

  /** One call after the other: kafkajs mixes up the topics that concurrent ones ask for, and answers with none. */
  #try<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const answer = this.#turn.then(work).catch((error: unknown) => {
      throw toBusbarError(error, doing, this.#brokers);
    });
    this.#turn = answer.catch(() => undefined);
    return answer;
  }
}

/** kafkajs writes -1 and -2 for "none", and it commits them when an offset is out of range. */
function known(offset: string): number | undefined {
  return Number(offset) < 0 ? undefined : Number(offset);
}

function byPartition(a: { partition: number }, b: { partition: number }): number {
  return a.partition - b.partition;
}
