import { gzipSync } from 'node:zlib';

import kafkajs from 'kafkajs';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { BusbarError } from '../../src/errors.js';
import type { Compression } from '../../src/kafka/compression/compressor.js';
import { MOST_INFLATED } from '../../src/kafka/compression/compressor.js';
import { COMPRESSORS } from '../../src/kafka/compression/compressors.js';
import type { KafkaDriver } from '../../src/kafka/driver.js';
import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { useCompressions } from '../../src/kafka/kafkajs/compression.js';
import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import { Notices, type Notice } from '../../src/telemetry/notices.js';
import { Reader, records, soon, text, until } from '../../src/testing/driver-conformance-stage.js';
import { uniquePrefix } from '../support/kafka.js';
import { createTopic, kafkajsClient } from '../support/kafkajs-client.js';

const { CompressionCodecs, CompressionTypes } = kafkajs;

// Apache Kafka looks into a batch and refuses those that cannot be read; what a broker has from elsewhere it hands out as it is.
const running = startEmbeddedKafka();
let bootstrap: string;
let topic: string;
let raised: Notice[];
const drivers: KafkaDriver[] = [];

async function driverWith(compression: Compression): Promise<KafkaDriver> {
  const notices = new Notices();
  notices.onNotice((notice) => raised.push(notice));
  const driver = kafkajsDriver({ brokers: bootstrap.split(','), clientId: 'compression', fetchMaxWaitMs: 50, compression }, notices);
  drivers.push(driver);
  await driver.connect();
  return driver;
}

/** Writes a batch of so many records to partition 0 whose bytes are these. */
async function poison(driver: KafkaDriver, bytes: Buffer, count: number): Promise<void> {
  CompressionCodecs[CompressionTypes.GZIP] = () => ({ compress: () => Promise.resolve(bytes) });
  await driver.produce(topic, 0, records(...Array.from({ length: count }, () => 'poison')), soon());
  useCompressions();
}

beforeEach(async () => {
  ({ bootstrap } = await running);
  raised = [];
  topic = uniquePrefix();
  await createTopic(kafkajsClient(bootstrap), topic, 2);
});
afterEach(async () => {
  useCompressions();
  await Promise.all(drivers.splice(0).map((driver) => driver.close(5_000)));
});
afterAll(async () => (await running).stop());

describe.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('a batch that is compressed with %s', (compression) => {
  it('is read as it was written', async () => {
    const driver = await driverWith(compression);
    await driver.produce(topic, 0, records('a'.repeat(100_000), 'b'), soon());
    const reader = new Reader(driver, topic, uniquePrefix());
    await reader.join();
    expect((await reader.read(2)).map(text)).toEqual(['a'.repeat(100_000), 'b']);
  });
});

describe.each([
  ['inflates beyond all measure', () => gzipSync(Buffer.alloc(MOST_INFLATED + 1)), `inflates to more than ${MOST_INFLATED} bytes`],
  ['is not compressed as it says', () => Buffer.from('no gzip at all'), 'is no gzip'],
  ['does not hold its records', () => gzipSync(Buffer.alloc(20, 1)), '3 records are announced where 20 bytes are left'],
])('a batch that %s', (_, bytes, why) => {
  it('lets its partition wait before it, with all records in front of it read, while others go on, and is told', async () => {
    const driver = await driverWith('gzip');
    await driver.produce(topic, 0, records('before', 'before'), soon());
    await poison(driver, bytes(), 3);
    await driver.produce(topic, 0, records('behind'), soon());
    const group = uniquePrefix();
    const reader = new Reader(driver, topic, group);
    await reader.join();
    const claim = () => reader.subscription.claims().find(({ partition }) => partition === 0)!;
    await until(() => claim().blocked !== undefined);
    await driver.produce(topic, 1, records('elsewhere'), soon());
    await reader.read(3);
    expect(reader.records.map(text).sort()).toEqual(['before', 'before', 'elsewhere']);
    expect(claim().blocked).toMatchObject({ offset: 2, next: 5, error: { code: 'BATCH_UNREADABLE' } });
    expect(claim().blocked!.error.message).toContain(why);
    // It is tried again, and nothing died.
    await until(() => raised.filter(({ code }) => code === 'BATCH_UNREADABLE').length === 2);
    expect(raised.find(({ code }) => code === 'BATCH_UNREADABLE')).toMatchObject({
      level: 'error',
      details: { group, topic, partition: 0, offset: 2, next: 5 },
    });
    expect(raised.map(({ code }) => code)).not.toContain('CONSUMER_RESTARTED');
    expect(reader.subscription.membership).toMatchObject({ joined: true, error: undefined });
    await reader.subscription.close();

    // The way on: the group is told to go on behind it.
    const admin = kafkajsClient(bootstrap).admin();
    await admin.connect();
    expect((await admin.fetchOffsets({ groupId: group, topics: [topic] }))[0]!.partitions).toContainEqual(
      expect.objectContaining({ partition: 0, offset: '2' }),
    );
    await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '5' }] });
    await admin.disconnect();
    const next = new Reader(driver, topic, group);
    await next.join();
    await next.read(1);
    expect(next.records.map(text)).toEqual(['behind']);
    await next.subscription.close();
  });
});

it('a partition that waits goes on by itself when the batch can be read after all', async () => {
  const driver = await driverWith('gzip');
  await driver.produce(topic, 0, records('good'), soon());
  const { decompress } = COMPRESSORS.gzip;
  COMPRESSORS.gzip.decompress = () => Promise.reject(new BusbarError('COMPRESSION_MISSING', 'not yet'));
  const reader = new Reader(driver, topic, uniquePrefix());
  try {
    await reader.join();
    await until(() => raised.some(({ code }) => code === 'COMPRESSION_MISSING'));
  } finally {
    COMPRESSORS.gzip.decompress = decompress;
  }
  await reader.read(1);
  expect(reader.records.map(text)).toEqual(['good']);
  await until(() => reader.subscription.claims().every(({ blocked }) => blocked === undefined));
});

it('a driver that could compress nothing does not connect, and says why', async () => {
  const missing = new BusbarError('COMPRESSION_MISSING', 'lz4 needs the package lz4-napi');
  const compress = vi.spyOn(COMPRESSORS.lz4, 'compress').mockRejectedValue(missing);
  await expect(driverWith('lz4')).rejects.toBe(missing);
  compress.mockRestore();
});

it('others who use kafkajs in the same process are given an error, and no marked records', async () => {
  const driver = await driverWith('gzip');
  await poison(driver, Buffer.from('no gzip at all'), 1);
  const consumer = kafkajsClient(bootstrap).consumer({ groupId: uniquePrefix(), maxWaitTimeInMs: 50 });
  const crashed = new Promise<Error>((resolve) => consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error)));
  let seen = 0;
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: () => Promise.resolve(void seen++) });
  expect((await crashed).message).toContain('is no gzip');
  expect(seen).toBe(0);
  await consumer.disconnect();
});
