import { BusbarError } from '../../errors.js';
import type { TopicDescription, TopicSpec } from '../driver.js';
import { PartitionLog } from './partition-log.js';

/** As Kafka has it where a topic says nothing. */
const MAX_MESSAGE_BYTES = 1_048_588;
const RETENTION_MS = 7 * 24 * 60 * 60 * 1000;

/** One topic of a simulated Kafka. */
export interface SimulatedTopic {
  readonly spec: TopicSpec;
  readonly partitions: readonly PartitionLog[];
}

/** The topics of a simulated Kafka. */
export class SimulatedTopics {
  readonly #topics = new Map<string, SimulatedTopic>();
  readonly #partitions: PartitionLog[] = [];
  readonly #firstOffset: number;

  constructor(firstOffset: number) {
    this.#firstOffset = firstOffset;
  }

  /** Sorted. */
  get names(): string[] {
    return [...this.#topics.keys()].toSorted();
  }

  /** Of all topics. */
  get partitions(): readonly PartitionLog[] {
    return this.#partitions;
  }

  /** False: it is there already. */
  create(spec: TopicSpec): boolean {
    if (this.#topics.has(spec.topic)) return false;
    const partitions = Array.from({ length: spec.partitions }, (_, index) => new PartitionLog(spec.topic, index, this.#firstOffset));
    this.#topics.set(spec.topic, { spec, partitions });
    this.#partitions.push(...partitions);
    return true;
  }

  find(topic: string): SimulatedTopic | undefined {
    return this.#topics.get(topic);
  }

  /** Throws `TOPIC_MISSING`. */
  get(topic: string): SimulatedTopic {
    const found = this.#topics.get(topic);
    if (found === undefined) throw new BusbarError('TOPIC_MISSING', `${topic} does not exist`);
    return found;
  }
}

export function describe(found: SimulatedTopic): TopicDescription {
  const { topic, partitions, replicationFactor, configs } = found.spec;
  return {
    topic,
    partitions,
    replicationFactor: Math.max(1, replicationFactor),
    minInsyncReplicas: Number(configs['min.insync.replicas'] ?? 1),
    uncleanLeaderElection: configs['unclean.leader.election.enable'] === 'true',
    retentionMs: Number(configs['retention.ms'] ?? RETENTION_MS),
    maxBatchBytes: maxBatchBytes(found),
  };
}

/** Largest batch that the topic takes, in bytes. */
export function maxBatchBytes({ spec }: SimulatedTopic): number {
  return Number(spec.configs['max.message.bytes'] ?? MAX_MESSAGE_BYTES);
}
