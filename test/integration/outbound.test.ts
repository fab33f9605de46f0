import type { Kafka } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { KafkaDriver } from '../../src/kafka/driver.js';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import { TopicNames } from '../../src/kafka/topics.js';
import type { OutboundLimits } from '../../src/outbound/limits.js';
import { Publisher } from '../../src/outbound/publisher.js';
import { Notices } from '../../src/telemetry/notices.js';
import { endOffset, kafkajsClient } from '../support/kafkajs-client.js';
import { uniquePrefix } from '../support/kafka.js';
import { keyless, envelope, textCodec } from '../unit/outbound/publisher-fixture.js';

interface OnLog {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | undefined;
  readonly value: string;
}

interface Way {
  readonly topic: string;
  readonly driver: KafkaDriver;
  readonly publisher: Publisher;
  /** Publishes all at once, in order; where each is on the log. */
  publishAll(texts: readonly string[], keyOf?: (index: number) => string): Promise<{ partition: number; offset: number; value: string }[]>;
  close(): Promise<void>;
}

const PARTITIONS = 3;
const KEYS = 20;
const keyOf = (index: number): string => `key-${index % KEYS}`;
const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

let kafka: EmbeddedKafka;
let client: Kafka;

beforeAll(async () => {
  kafka = await startEmbeddedKafka({ nodes: 3 });
  client = kafkajsClient(kafka.bootstrap);
});

afterAll(() => kafka.stop());

async function newWay(limits: Partial<OutboundLimits> = {}): Promise<Way> {
  const notices = new Notices();
  notices.onNotice(() => undefined);
  const prefix = uniquePrefix();
  const driver = kafkajsDriver({ brokers: kafka.bootstrap.split(','), clientId: 'outbound-test', requestTimeoutMs: 2_000 }, notices);
  await driver.connect();
  const topics = new TopicNames(prefix);
  const topic = topics.topic('notes');
  await driver.admin.ensureTopics([{ topic, partitions: PARTITIONS, replicationFactor: 1, configs: {} }]);
  const publisher = new Publisher({ driver, codec: textCodec, topics, limits, notices });
  return {
    topic,
    driver,
    publisher,
    publishAll: (texts, key) =>
      Promise.all(
        texts.map(async (value, index) => {
          const given = key === undefined ? keyless(value) : envelope(value, key(index));
          const { safe } = await publisher.accept(given, Date.now() + 30_000);
          const place = await safe;
          if (place.where !== 'kafka') throw new Error(`is ${place.where}`);
          return { partition: place.partition, offset: place.offset, value };
        }),
      ),
    close: async () => {
      await publisher.close(5_000);
      await driver.close(5_000);
    },
  };
}

/** Everything on the topic, by partition and offset. */
async function readLog(topic: string): Promise<OnLog[]> {
  const expected = await endOffset(client, topic);
  const read: OnLog[] = [];
  if (expected === 0) return read;
  const consumer = client.consumer({ groupId: uniquePrefix(), maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ partition, message: { offset, key, value } }) => {
          read.push({ partition, offset: Number(offset), key: key?.toString(), value: String(value) });
          if (read.length === expected) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return read.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** The values of each key in log order. */
function byKey(log: readonly OnLog[]): Map<string | undefined, string[]> {
  const keys = new Map<string | undefined, string[]>();
  for (const { key, value } of log) keys.set(key, [...(keys.get(key) ?? []), value]);
  return keys;
}

function expectedByKey(count: number): Map<string, string[]> {
  return new Map(
    numbers(KEYS).map((key) => [keyOf(Number(key)), numbers(count).filter((text) => keyOf(Number(text)) === keyOf(Number(key)))]),
  );
}

const placed = (log: readonly OnLog[]): unknown[] => log.map(({ partition, offset, value }) => ({ partition, offset, value }));
const sorted = <T extends { partition: number; offset: number }>(places: T[]): T[] =>
  places.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);

describe('events on their way to a broker in trouble', () => {
  it('that does its work but loses its answers are all on the log once, in the order of their keys, where the receipts say', async () => {
    const way = await newWay({ batchRecords: 50 });
    await way.publishAll(['warm']);
    const fault = await kafka.loseAnswers({ apis: ['Produce'], count: 6 });
    const places = await way.publishAll(numbers(3000), keyOf);
    expect(await fault.hits()).toBe(6);
    const log = (await readLog(way.topic)).filter(({ key }) => key !== undefined);
    expect(byKey(log)).toEqual(expectedByKey(3000));
    expect(placed(log)).toEqual(sorted(places));
    await way.close();
  });

  it('whose leaders move are all on the log once, in the order of their keys, where the receipts say', async () => {
    const way = await newWay({ batchRecords: 20 });
    const all: Promise<{ partition: number; offset: number; value: string }[]>[] = [];
    for (let wave = 0; wave < 10; wave += 1) {
      const texts = numbers(3000).slice(wave * 300, (wave + 1) * 300);
      all.push(way.publishAll(texts, (index) => keyOf(wave * 300 + index)));
      for (let partition = 0; partition < PARTITIONS; partition += 1) await kafka.moveLeader(way.topic, partition, (wave + partition) % 3);
    }
    const places = (await Promise.all(all)).flat();
    const log = await readLog(way.topic);
    expect(byKey(log)).toEqual(expectedByKey(3000));
    expect(placed(log)).toEqual(sorted(places));
    await way.close();
  });

  it('and have no key are neither lost nor doubled when one partition refuses them for a while', async () => {
    const way = await newWay({ batchRecords: 100 });
    const fault = await kafka.fail({ apis: ['Produce'], error: 'NOT_LEADER_FOR_PARTITION', topic: way.topic, partitions: [0], count: 2 });
    const places = await way.publishAll(numbers(1001));
    expect(await fault.hits()).toBe(2);
    const log = await readLog(way.topic);
    expect(log.length).toBe(1001);
    expect(placed(log)).toEqual(sorted(places));
    expect(new Set(log.map(({ partition }) => partition)).size).toBe(PARTITIONS);
    await way.close();
  });

  it('that does not answer wait in line: what is in memory for it is bounded, and all of them arrive', async () => {
    const bufferBytes = 20_000;
    const way = await newWay({ bufferBytes, batchRecords: 20 });
    await way.publishAll(['warm']);
    const silent = await kafka.delay({ apis: ['Produce'], ms: 400, count: 6 });
    let accepted = 0;
    const safe = numbers(1000).map(async (text) => {
      const { safe: known } = await way.publisher.accept(envelope(text, 'one'), Date.now() + 30_000);
      accepted += 1;
      return known;
    });
    while ((await silent.hits()) === 0);
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(300);
    const { records, bytes } = way.publisher.queued();
    expect(records).toBe(1000);
    expect(bytes).toBeLessThanOrEqual(bufferBytes);
    await Promise.all(safe);
    expect((await readLog(way.topic)).filter(({ key }) => key === 'one').map(({ value }) => value)).toEqual(numbers(1000));
    await way.close();
  });

  it('and are too many for one batch of that broker arrive in smaller ones', async () => {
    const way = await newWay({ batchBytes: 50_000_000, maxRecordBytes: 900_000 });
    const texts = numbers(8).map((text) => text.repeat(800_000));
    const places = await way.publishAll(texts, () => 'one');
    expect(places.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect((await readLog(way.topic)).map(({ value }) => value[0])).toEqual(numbers(8));
    await way.close();
  });
});
