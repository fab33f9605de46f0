import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { KafkaDriver } from '../../src/kafka/driver.js';
import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import { Notices } from '../../src/telemetry/notices.js';
import { records, soon } from '../../src/testing/driver-conformance-stage.js';
import { uniquePrefix } from '../support/kafka.js';

/** Longer than any test waits: a connection on which a request is held so long answers nothing any more. */
const FOR_EVER = 120_000;

describe('a connection on which nothing is answered any more', () => {
  const running = startEmbeddedKafka();
  let driver: KafkaDriver;
  let topic: string;

  beforeEach(async () => {
    const brokers = (await running).bootstrap.split(',');
    driver = kafkajsDriver({ brokers, clientId: 'unanswered', requestTimeoutMs: 300 }, new Notices());
    await driver.connect();
    topic = uniquePrefix();
    await driver.admin.ensureTopics([{ topic, partitions: 1, replicationFactor: 1, configs: {} }]);
  });
  afterEach(() => driver.close(5_000));
  afterAll(async () => (await running).stop());

  it('is left for another, on which the batch is written', async () => {
    expect(await driver.produce(topic, 0, records('before'), soon())).toBe(0);
    const fault = await (await running).delay({ apis: ['Produce'], ms: FOR_EVER });
    expect(await driver.produce(topic, 0, records('after'), Date.now() + 20_000)).toBe(1);
    expect(await fault.hits()).toBe(1);
  });

  it('is left for another by who asks about the cluster', async () => {
    expect(await driver.admin.brokers()).toBe(1);
    await (await running).delay({ apis: ['Metadata'], ms: FOR_EVER });
    const asked = driver.admin.brokers().catch(() => driver.admin.brokers());
    expect(await asked).toBe(1);
  });
});
