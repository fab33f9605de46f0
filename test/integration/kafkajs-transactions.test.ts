import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import { BusbarError } from '../../src/errors.js';
import type { KafkaDriver } from '../../src/kafka/driver.js';
import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import { Notices } from '../../src/telemetry/notices.js';
import { Reader, records, soon, text, until, type ReaderOptions } from '../../src/testing/driver-conformance-stage.js';
import { uniquePrefix } from '../support/kafka.js';
import { kafkajsClient } from '../support/kafkajs-client.js';

describe('consuming with kafkajs what others wrote in transactions', () => {
  const running = startEmbeddedKafka({ nodes: 2 });
  let driver: KafkaDriver;
  let topic: string;
  let group: string;

  beforeEach(async () => {
    const brokers = (await running).bootstrap.split(',');
    driver = kafkajsDriver({ brokers, clientId: 'transactions', fetchMaxWaitMs: 50 }, new Notices());
    await driver.connect();
    topic = uniquePrefix();
    group = uniquePrefix();
    await driver.admin.ensureTopics([{ topic, partitions: 2, replicationFactor: 1, configs: {} }]);
  });
  afterEach(() => driver.close(5_000));
  afterAll(async () => (await running).stop());

  const produce = (partition: number, ...values: string[]): Promise<number> => driver.produce(topic, partition, records(...values), soon());
  const committed = async (partition: number): Promise<number | undefined> =>
    (await driver.admin.committed(group, topic))[partition]!.offset;

  async function joined(options: ReaderOptions = {}): Promise<Reader> {
    const reader = new Reader(driver, topic, group, options);
    await reader.join();
    return reader;
  }

  /** As retention does, of partition 0. */
  async function deleteBelow(offset: number): Promise<void> {
    const admin = kafkajsClient((await running).bootstrap).admin();
    await admin.connect();
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
    await admin.disconnect();
  }

  /** Writes to partition 0 and ends the transaction. */
  async function transactional() {
    const producer = kafkajsClient((await running).bootstrap).producer({
      transactionalId: uniquePrefix(),
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    const transaction = async (value: string, end: 'commit' | 'abort'): Promise<void> => {
      const open = await producer.transaction();
      await open.send({ topic, messages: [{ partition: 0, value }] });
      await open[end]();
    };
    return { producer, transaction };
  }

  const atTheEnd = async (): Promise<boolean> => (await committed(0)) === (await driver.admin.offsets(topic))[0]!.end;

  it('stands at the end of the log behind a transaction, of which the last is a record that nobody sees', async () => {
    const { producer, transaction } = await transactional();
    await transaction('a', 'commit');
    await producer.disconnect();
    const reader = await joined();
    expect((await reader.read(1)).map(text)).toEqual(['a']);
    await until(atTheEnd);
    expect(await committed(0)).toBe(2);
  });

  it('does not rest because of control records and aborted transactions', async () => {
    const { producer, transaction } = await transactional();
    const { bootstrap } = await running;
    // One batch per fetch, so that there are fetches with nothing to see in them.
    const narrow = kafkajsDriver(
      { brokers: bootstrap.split(','), clientId: 'narrow', fetchMaxWaitMs: 50, maxBytesPerPartition: 1 },
      new Notices(),
    );
    await narrow.connect();
    const reader = new Reader(narrow, topic, group);
    await reader.join();
    await transaction('a', 'commit');
    await reader.read(1);
    for (let i = 0; i < 3; i++) await transaction(`aborted ${i}`, 'abort');
    // Although there is nothing that it could settle.
    await until(atTheEnd);
    expect(await committed(0)).toBe(8);
    await transaction('b', 'commit');
    await producer.disconnect();
    await produce(0, 'c');

    expect((await reader.read(3)).map(text)).toEqual(['a', 'b', 'c']);
    await narrow.close(5_000);
  });

  it('sees nothing of transactions that were aborted, however they are interleaved', async () => {
    const [first, second] = [await transactional(), await transactional()];
    const a = await first.producer.transaction();
    const b = await second.producer.transaction();
    const send = (to: typeof a, value: string) => to.send({ topic, messages: [{ partition: 0, key: '\0\0\0\0', value }] });
    await send(a, 'a1');
    await send(b, 'b1');
    await send(a, 'a2');
    await b.abort();
    await send(a, 'a3');
    await a.abort();
    await second.transaction('b2', 'commit');
    await first.producer.disconnect();
    await second.producer.disconnect();
    await produce(0, 'c');

    expect((await (await joined()).read(2)).map(text)).toEqual(['b2', 'c']);
  });

  it('asks the caller also when nobody gets to see what is left behind an offset that is out of range', async () => {
    const kafka = await running;
    const { producer, transaction } = await transactional();
    const reader = await joined({
      start: ({ committed: at, beginning }) =>
        at !== undefined && at < beginning ? Promise.reject(new BusbarError('OFFSETS_LOST', 'records are gone')) : Promise.resolve(at ?? 0),
    });
    await produce(0, 'a', 'b');
    await reader.read(2);
    await reader.subscription.flush();
    const held = await kafka.delay({ apis: ['Fetch'], nodes: [await kafka.leader(topic, 0)], ms: 1_000 });
    await until(async () => (await held.hits()) === 1);
    await transaction('c', 'commit');
    await producer.disconnect();
    // What is left is the end of the transaction.
    await deleteBelow(3);
    const fetches = await kafka.delay({ apis: ['Fetch'], nodes: [await kafka.leader(topic, 0)], ms: 0, count: -1 });
    await until(async () => (await fetches.hits()) > 3);
    await produce(0, 'd');

    expect((await reader.stopped).code).toBe('OFFSETS_LOST');
    expect(reader.records.map(text)).toEqual(['a', 'b']);
    await reader.subscription.close();
    expect(await committed(0)).toBe(2);
  });
});
