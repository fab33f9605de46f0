import { describe, expect, it } from 'vitest';

import { KafkaConfig, type KafkaSettings } from '../../src/config/kafka-config.js';
import type { Contract } from '../../src/event/contract.js';
import type { KafkaAdmin, TopicDescription, TopicSpec } from '../../src/kafka/driver.js';
import { TopicNames } from '../../src/kafka/topics.js';
import { ensureTopics } from '../../src/service/topic-plan.js';
import { Notices, type Notice } from '../../src/telemetry/notices.js';

const DAY_MS = 86_400_000;

/** The topics of a cluster, without the cluster. */
class Topics implements KafkaAdmin {
  readonly created: TopicSpec[] = [];
  readonly #there = new Map<string, TopicDescription>();

  constructor(
    readonly count: number,
    there: readonly TopicDescription[] = [],
  ) {
    for (const topic of there) this.#there.set(topic.topic, topic);
  }

  brokers(): Promise<number> {
    return Promise.resolve(this.count);
  }

  listTopics(): Promise<string[]> {
    return Promise.resolve([...this.#there.keys()]);
  }

  ensureTopics(specs: readonly TopicSpec[]): Promise<string[]> {
    const missing = specs.filter(({ topic }) => !this.#there.has(topic));
    for (const { topic, partitions, replicationFactor, configs } of missing) {
      this.#there.set(topic, {
        topic,
        partitions,
        replicationFactor,
        minInsyncReplicas: Number(configs['min.insync.replicas']),
        uncleanLeaderElection: false,
        retentionMs: Number(configs['retention.ms']),
        maxBatchBytes: Number(configs['max.message.bytes'] ?? 1_048_588),
      });
    }
    this.created.push(...missing);
    return Promise.resolve(missing.map(({ topic }) => topic));
  }

  describeTopics(topics: readonly string[]): Promise<TopicDescription[]> {
    return Promise.resolve(topics.flatMap((topic) => this.#there.get(topic) ?? []));
  }

  offsets(): Promise<never[]> {
    return Promise.resolve([]);
  }

  committed(): Promise<never[]> {
    return Promise.resolve([]);
  }
}

async function ensured(topics: Topics, settings: KafkaSettings = {}, read: readonly string[] = []): Promise<Notice[]> {
  const raised: Notice[] = [];
  const notices = new Notices();
  notices.onNotice((notice) => raised.push(notice));
  const config = KafkaConfig.from({ serviceName: 'debates', bootstrapServers: 'one:9092', ...settings });
  const contracts = ['debate-events', 'decision-events', 'debate-events'].map((topic) => ({ topic }) as Contract);
  await ensureTopics({ config, names: new TopicNames(config.topicPrefix), contracts, read: new Set(read) }, topics, notices);
  return raised;
}

const there = (topic: string, more: Partial<TopicDescription> = {}): TopicDescription => ({
  topic,
  partitions: 3,
  replicationFactor: 3,
  minInsyncReplicas: 2,
  uncleanLeaderElection: false,
  retentionMs: DAY_MS,
  maxBatchBytes: 1_048_588,
  ...more,
});

describe('the topics of an application', () => {
  it('are made with as many copies as there are brokers, three at most, all but one of which must have a record', async () => {
    const copies = async (brokers: number) => {
      const topics = new Topics(brokers);
      await ensured(topics);
      const [first] = topics.created;
      return [first?.replicationFactor, first?.configs['min.insync.replicas']];
    };
    expect(await copies(1)).toEqual([1, '1']);
    expect(await copies(2)).toEqual([2, '1']);
    expect(await copies(3)).toEqual([3, '2']);
    expect(await copies(5)).toEqual([3, '2']);
  });

  it('are made with the configured copies, partitions, retention and prefix', async () => {
    const topics = new Topics(5);
    await ensured(topics, {
      topicPrefix: 'prod',
      replicationFactor: 4,
      minInsyncReplicas: 4,
      topics: { 'debate-events': { partitions: 12, retentionMs: 5 } },
    });
    expect(topics.created[0]).toEqual({
      topic: 'prod.debate-events',
      partitions: 12,
      replicationFactor: 4,
      configs: { 'retention.ms': '5', 'min.insync.replicas': '4' },
    });
  });

  it('are those that events are on, and a dead-letter topic for each that a processor reads, kept for a month at least', async () => {
    const topics = new Topics(3);
    await ensured(topics, { topics: { 'debate-events': { retentionMs: DAY_MS } } }, ['debate-events']);
    expect(topics.created.map(({ topic, configs }) => [topic, Number(configs['retention.ms']) / DAY_MS])).toEqual([
      ['debate-events', 1],
      ['decision-events', 30],
      ['debate-events.dead-letter', 30],
    ]);
  });

  it('keep dead letters for ever when the topic keeps its records for ever', async () => {
    const topics = new Topics(3);
    await ensured(topics, { topics: { 'debate-events': { retentionMs: -1 } } }, ['debate-events']);
    expect(topics.created.at(-1)?.configs['retention.ms']).toBe('-1');
  });

  it('take dead letters as large as the records that they stand for, and warn where they do not', async () => {
    const large = there('debate-events', { maxBatchBytes: 20_000_000 });
    const topics = new Topics(3, [large]);
    expect(await ensured(topics, {}, ['debate-events', 'decision-events'])).toEqual([]);
    const bytes = topics.created.map(({ topic, configs }) => [topic, configs['max.message.bytes']]);
    expect(bytes).toContainEqual(['debate-events.dead-letter', '20065536']);
    expect(bytes).toContainEqual(['decision-events.dead-letter', '1114124']);
    const [warning, ...more] = await ensured(new Topics(3, [large, there('debate-events.dead-letter')]), {}, ['debate-events']);
    expect(more).toEqual([]);
    expect(warning).toMatchObject({
      code: 'CONFIG_WARNING',
      message:
        'debate-events.dead-letter takes 1048588 bytes and debate-events 20000000: a large record could not be put aside, and its partition would wait; set max.message.bytes of debate-events.dead-letter to 20065536',
    });
  });

  it('refuse the start when they are missing and may not be made: all of them named', async () => {
    const topics = new Topics(3, [there('debate-events')]);
    await expect(ensured(topics, { createTopics: false }, ['debate-events'])).rejects.toThrow(
      '[TOPIC_MISSING] not on the broker: decision-events (3 partitions), debate-events.dead-letter (3 partitions); create them, or allow it with KAFKA_CREATE_TOPICS=true',
    );
    expect(topics.created).toEqual([]);
  });

  it('refuse the start when the brokers are too few for what is configured', async () => {
    await expect(ensured(new Topics(2), { replicationFactor: 3 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(ensured(new Topics(1), { minInsyncReplicas: 2 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('a topic on which an acknowledged record may be lost', () => {
  const weak = async (more: Partial<TopicDescription>, settings: KafkaSettings = {}, second: Partial<TopicDescription> = {}) =>
    (await ensured(new Topics(3, [there('debate-events', more), there('decision-events', second)]), settings)).map(
      ({ code, message }) => `${code} ${message}`,
    );
  const alone = { replicationFactor: 1, minInsyncReplicas: 1 };

  it.each([
    ['has one copy', alone],
    ['asks one copy only', { minInsyncReplicas: 1 }],
    ['may be led by a broker that missed records', { uncleanLeaderElection: true }],
  ])('is named when it %s', async (_, more) => {
    expect(await weak(more)).toEqual([expect.stringMatching(/^CONFIG_WARNING .*: debate-events$/)]);
  });

  it('is named together with the others of its kind', async () => {
    expect(await weak(alone, {}, alone)).toEqual([expect.stringMatching(/^CONFIG_WARNING .*: debate-events, decision-events$/)]);
  });

  it('is not there when all copies but one have every record', async () => {
    expect(await weak({})).toEqual([]);
  });

  it('is not held against the embedded broker', async () => {
    expect(await weak({ replicationFactor: 1, minInsyncReplicas: 1 }, { bootstrapServers: 'embedded' })).toEqual([]);
  });
});
