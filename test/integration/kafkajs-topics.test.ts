import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { KafkaDriver } from '../../src/kafka/driver.js';
import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import { Notices } from '../../src/telemetry/notices.js';
import { uniquePrefix } from '../support/kafka.js';

describe('topics, to the kafkajs driver', () => {
  const running = startEmbeddedKafka();
  let driver: KafkaDriver;
  let topic: string;

  beforeEach(async () => {
    driver = kafkajsDriver({ brokers: (await running).bootstrap.split(','), clientId: 'topics' }, new Notices());
    await driver.connect();
    topic = uniquePrefix();
  });
  afterEach(() => driver.close(5_000));
  afterAll(async () => (await running).stop());

  /** As brokers that have not learned of a new topic yet. */
  const behind = async (count: number) => (await running).fail({ apis: ['Metadata'], topic, error: 'UNKNOWN_TOPIC_OR_PARTITION', count });

  it.each([
    ['describes', () => driver.admin.describeTopics([topic])],
    ['counts the partitions of', () => driver.partitions(topic)],
    ['reads the offsets of', () => driver.admin.offsets(topic)],
  ])('%s one that it has just made, though brokers do not know it yet', async (_, ask) => {
    await driver.admin.ensureTopics([{ topic, partitions: 2, replicationFactor: 1, configs: {} }]);
    const fault = await behind(4);
    expect(await ask()).toBeTruthy();
    expect(await fault.remove()).toBe(4);
  });

  it('has offsets also while brokers that are asked do not lead its partitions yet', async () => {
    await driver.admin.ensureTopics([{ topic, partitions: 2, replicationFactor: 1, configs: {} }]);
    const fault = await (await running).fail({ apis: ['ListOffsets'], topic, error: 'NOT_LEADER_FOR_PARTITION', count: 4 });
    await expect(driver.admin.offsets(topic)).resolves.toHaveLength(2);
    expect(await fault.remove()).toBe(4);
  });

  it('keeps nobody waiting who asks for another one while a leader is looked for', async () => {
    const other = uniquePrefix();
    await driver.admin.ensureTopics([topic, other].map((each) => ({ topic: each, partitions: 2, replicationFactor: 1, configs: {} })));
    const fault = await (await running).fail({ apis: ['ListOffsets'], topic, error: 'NOT_LEADER_FOR_PARTITION', count: -1 });
    const offsets = driver.admin.offsets(topic);
    await expect(driver.admin.offsets(other)).resolves.toHaveLength(2);
    await fault.remove();
    await expect(offsets).resolves.toHaveLength(2);
  });

  it('has offsets also when somebody else leads its partition than did when they were read before', async () => {
    const kafka = await running;
    const other = await kafka.addNode();
    await driver.admin.ensureTopics([{ topic, partitions: 1, replicationFactor: 1, configs: {} }]);
    await driver.admin.offsets(topic);
    await kafka.moveLeader(topic, 0, (await kafka.leader(topic, 0)) === other ? 0 : other);
    await expect(driver.admin.offsets(topic)).resolves.toHaveLength(1);
  });
});
