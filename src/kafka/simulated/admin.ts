import type { KafkaAdmin, TopicDescription, TopicSpec } from '../driver.js';
import type { Conditions } from './conditions.js';
import type { SimulatedGroups } from './groups.js';
import { describe, type SimulatedTopics } from './topics.js';

/** What there is to see and to change beside the records. */
export class SimulatedAdmin implements KafkaAdmin {
  readonly #conditions: Conditions;
  readonly #topics: SimulatedTopics;
  readonly #groups: SimulatedGroups;

  constructor(conditions: Conditions, topics: SimulatedTopics, groups: SimulatedGroups) {
    this.#conditions = conditions;
    this.#topics = topics;
    this.#groups = groups;
  }

  async brokers(): Promise<number> {
    await this.#conditions.travel();
    return 1;
  }

  async listTopics(): Promise<string[]> {
    await this.#conditions.travel();
    return this.#topics.names.filter((topic) => !topic.startsWith('__'));
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<string[]> {
    await this.#conditions.travel();
    return specs.filter((spec) => this.#topics.create(spec)).map(({ topic }) => topic);
  }

  async describeTopics(topics: readonly string[]): Promise<TopicDescription[]> {
    await this.#conditions.travel();
    return topics.flatMap((topic) => this.#topics.find(topic) ?? []).map(describe);
  }

  async offsets(topic: string): Promise<{ partition: number; beginning: number; end: number }[]> {
    await this.#conditions.travel();
    return this.#topics.get(topic).partitions.map(({ partition, beginning, end }) => ({ partition, beginning, end }));
  }

  async committed(group: string, topic: string): Promise<{ partition: number; offset: number | undefined }[]> {
    await this.#conditions.travel();
    const found = this.#groups.find(group);
    return this.#topics.get(topic).partitions.map((log) => ({ partition: log.partition, offset: found?.committed(log) }));
  }
}
