import kafkajs from 'kafkajs';
import { afterAll, afterEach, expect, it } from 'vitest';

import { startEmbeddedKafka } from 'busbar/embedded';

import { useCompressions } from '../../src/kafka/kafkajs/compression.js';
import { until } from '../../src/testing/driver-conformance-stage.js';
import { aloneBecomesRed, becomesWell, check, shop } from '../support/health.js';
import { kafkajsClient } from '../support/kafkajs-client.js';
import { stopApplications } from '../support/shop-application.js';

const { CompressionCodecs, CompressionTypes } = kafkajs;

const running = startEmbeddedKafka();
afterEach(() => useCompressions());
afterAll(async () => {
  await stopApplications();
  await (await running).stop();
});

it('a consumer whose partition waits before a batch that cannot be read is red, says how to pass over it, and is well when that was done', async () => {
  const { bootstrap } = await running;
  const { service, config } = await shop({ bootstrapServers: bootstrap }, { processors: [], listeners: [] });
  await service.start();
  await service.client.createTopic('prices', { partitions: 2 });
  const topic = `${config.topicPrefix}.prices`;
  const producer = kafkajsClient(bootstrap).producer();
  await producer.connect();
  CompressionCodecs[CompressionTypes.GZIP] = () => ({ compress: () => Promise.resolve(Buffer.from('no gzip at all')) });
  await producer.send({
    topic,
    compression: CompressionTypes.GZIP,
    messages: [
      { partition: 0, value: 'a' },
      { partition: 0, value: 'b' },
    ],
  });
  useCompressions();
  await producer.send({
    topic,
    messages: [
      { partition: 0, value: 'behind' },
      { partition: 1, value: 'elsewhere' },
    ],
  });
  await producer.disconnect();

  const read: string[] = [];
  const consume = () =>
    service.client.consume({ group: 'import', topics: ['prices'], from: 'earliest' }, ({ value }) => void read.push(String(value)));
  const consumer = await consume();
  const health = await aloneBecomesRed(service, 'consumer import', 'a batch could not be read');
  const { message, fix } = check(health, 'consumer import');
  expect(message).toBe(
    `${topic}/0 waits at offset 0, others go on: [BATCH_UNREADABLE] a batch of 14 bytes is no gzip (incorrect header check)`,
  );
  const group = `${config.groupId}.import`;
  expect(fix).toContain(`--reset-offsets --group ${group} --topic ${topic}:0 --to-offset 2 --execute`);
  expect(health.live).toBe(true);
  await until(() => read.length === 1);
  expect(read).toEqual(['elsewhere']);
  expect(consumer.counts).toMatchObject({ handled: 1 });

  await consumer.stop();
  const admin = kafkajsClient(bootstrap).admin();
  await admin.connect();
  await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '2' }] });
  await admin.disconnect();
  await consume();
  await becomesWell(service, 'consumer import', 'the group was told to go on behind it');
  await until(() => read.length === 2);
  expect(read.toSorted()).toEqual(['behind', 'elsewhere']);
});
