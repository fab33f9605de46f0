import { gzipSync } from 'node:zlib';

import kafkajs from 'kafkajs';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { KafkaDriver } from '../../src/kafka/driver.js';
import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import { gzipCodec, MOST_INFLATED, useGzip } from '../../src/kafka/kafkajs/gzip.js';
import { Notices, type Notice } from '../../src/telemetry/notices.js';
import { Reader, records, soon, text, until } from '../../src/testing/driver-conformance-stage.js';
import { uniquePrefix } from '../support/kafka.js';
import { createTopic, kafkajsClient } from '../support/kafkajs-client.js';

const { CompressionCodecs, CompressionTypes } = kafkajs;

describe('a batch that is compressed with gzip', () => {
  // Apache Kafka looks into a batch and refuses such ones; what a broker has from elsewhere it hands out as it is.
  const running = startEmbeddedKafka();
  let driver: KafkaDriver;
  let topic: string;
  let raised: Notice[];

  beforeEach(async () => {
    const { bootstrap } = await running;
    const notices = new Notices();
    raised = [];
    notices.onNotice((notice) => raised.push(notice));
    driver = kafkajsDriver({ brokers: bootstrap.split(','), clientId: 'gzip', fetchMaxWaitMs: 50, compression: 'gzip' }, notices);
    await driver.connect();
    topic = uniquePrefix();
    await createTopic(kafkajsClient(bootstrap), topic, 2);
  });
  afterEach(async () => {
    useGzip();
    await driver.close(5_000);
  });
  afterAll(async () => (await running).stop());

  it('is read as it was written', async () => {
    await driver.produce(topic, 0, records('a'.repeat(100_000), 'b'), soon());
    const reader = new Reader(driver, topic, uniquePrefix());
    await reader.join();
    expect((await reader.read(2)).map(text)).toEqual(['a'.repeat(100_000), 'b']);
  });

  it.each([
    ['that inflates beyond all measure', () => gzipSync(Buffer.alloc(MOST_INFLATED + 1)), `inflates to more than ${MOST_INFLATED} bytes`],
    ['that is none', () => Buffer.from('no gzip at all'), 'is no gzip'],
  ])('and %s is not read, and an operator is told', async (_, bytes, why) => {
    const poison = bytes();
    CompressionCodecs[CompressionTypes.GZIP] = () => ({ ...gzipCodec, compress: () => Promise.resolve(poison) });
    await driver.produce(topic, 0, records('poison'), soon());
    useGzip();
    const reader = new Reader(driver, topic, uniquePrefix());
    await reader.join();
    await until(() => raised.some(({ code, error }) => code === 'CONSUMER_RESTARTED' && String(error).includes(why)));
    expect(reader.records).toEqual([]);
  });
});
