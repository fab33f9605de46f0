import { inspect } from 'node:util';

import type { KafkaConfig } from '../../config/kafka-config.js';
import { nearest } from '../../config/nearest.js';
import { completeTopics, topicProblems } from '../../config/topic-settings.js';
import { BusbarError } from '../../errors.js';
import type { KafkaAdmin, TopicDescription } from '../../kafka/driver.js';
import { topicSpec, type TopicNames } from '../../kafka/topics.js';
import { copiesOf, ensureSpecs } from '../topic-plan.js';

/** A topic as it is on the broker. */
export interface TopicInfo {
  /** As this API calls it: without the prefix. Undefined for a topic outside of the prefix, which it cannot reach. */
  readonly name: string | undefined;
  /** As the broker calls it. */
  readonly fullName: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
  /** In ms; -1: for ever. */
  readonly retentionMs: number;
  /** Most bytes of a batch as it is written, compressed or not: `max.message.bytes`. */
  readonly maxBatchBytes: number;
}

/** What is on the log of a partition. */
export interface PartitionOffsets {
  readonly partition: number;
  /** First offset on the log. */
  readonly beginning: number;
  /** Offset of the next record to be written. */
  readonly end: number;
}

export interface CreateTopicOptions {
  /** Default: what the configuration says of this topic, else `KAFKA_NUM_PARTITIONS`. */
  readonly partitions?: number | undefined;
  /** How long records are kept, in ms; -1: for ever. Default: what the configuration says of this topic, else 7 days. */
  readonly retentionMs?: number | undefined;
}

/** The topics of the cluster, by the names of the application. */
export class ClientTopics {
  constructor(
    private readonly config: KafkaConfig,
    private readonly names: TopicNames,
    private readonly admin: KafkaAdmin,
  ) {}

  /** Sorted by name. */
  async list(all: boolean): Promise<TopicInfo[]> {
    const listed = await this.admin.listTopics();
    const wanted = all ? listed : listed.filter((fullName) => this.names.has(fullName));
    return (await this.admin.describeTopics(wanted)).map((topic) => this.#info(topic)).toSorted(byFullName);
  }

  async exists(name: string): Promise<boolean> {
    return (await this.admin.listTopics()).includes(this.names.topic(name));
  }

  /** Throws `TOPIC_INVALID`, and `TOPIC_MISSING` with the way out. */
  async describe(name: string): Promise<TopicInfo> {
    const [found] = await this.admin.describeTopics([this.names.topic(name)]);
    if (found === undefined) throw await this.missing(name);
    return this.#info(found);
  }

  async offsets(name: string): Promise<PartitionOffsets[]> {
    const { fullName } = await this.describe(name);
    return this.admin.offsets(fullName);
  }

  /** Whether it was created now; one that is there is left as it is. */
  async create(name: string, options: CreateTopicOptions): Promise<{ readonly created: boolean; readonly topic: TopicInfo }> {
    const fullName = this.names.topic(name);
    const problems = topicProblems({ [name]: options }).map(
      ({ path, value, allowed }) => `${path} is ${inspect(value)}, allowed is ${allowed}`,
    );
    if (Object.hasOwn(options ?? {}, 'mapping')) problems.push('a mapping is not part of the topic: it belongs into the configuration');
    if (problems.length > 0) throw new BusbarError('ARGUMENT_INVALID', `the topic cannot be created: ${problems.join('; ')}`);
    const settings = completeTopics([this.config.topics, { [name]: options }], this.config.numPartitions)[name]!;
    const spec = topicSpec(fullName, settings, await copiesOf(this.config, this.admin));
    const { found, created } = await ensureSpecs([spec], this.config, this.admin);
    return { created: created.length > 0, topic: this.#info(found[0]!) };
  }

  /** The error for a topic that is not there: what was meant, or how to create it. */
  async missing(name: string): Promise<BusbarError> {
    const there = (await this.admin.listTopics())
      .filter((fullName) => this.names.has(fullName))
      .map((fullName) => this.names.base(fullName));
    const meant = nearest(name, there);
    const fix = `${meant === undefined ? '' : `did you mean '${meant}'? Otherwise `}create it, e.g. with client.createTopic('${name}')`;
    return new BusbarError('TOPIC_MISSING', `topic '${name}' (${this.names.topic(name)} on the broker) does not exist: ${fix}`);
  }

  #info({ topic, partitions, replicationFactor, minInsyncReplicas, retentionMs, maxBatchBytes }: TopicDescription): TopicInfo {
    const name = this.names.has(topic) ? this.names.base(topic) : undefined;
    return { name, fullName: topic, partitions, replicationFactor, minInsyncReplicas, retentionMs, maxBatchBytes };
  }
}

function byFullName(a: TopicInfo, b: TopicInfo): number {
  return a.fullName < b.fullName ? -1 : 1;
}
