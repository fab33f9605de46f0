import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { KafkaDriver } from '../../src/kafka/driver.js';
import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import { Notices, type Notice } from '../../src/telemetry/notices.js';
import { gate, Reader, records, soon, text, until, type ReaderOptions } from '../../src/testing/driver-conformance-stage.js';
import { uniquePrefix } from '../support/kafka.js';
import { createTopic, kafkajsClient, produce } from '../support/kafkajs-client.js';

describe('while its topic is deleted, created again and filled up to where it stood', () => {
  const running = startEmbeddedKafka();
  let driver: KafkaDriver;
  let topic: string;
  let group: string;
  let raised: Notice[];

  beforeEach(async () => {
    raised = [];
    const notices = new Notices();
    notices.onNotice((notice) => raised.push(notice));
    driver = kafkajsDriver({ brokers: [(await running).bootstrap], clientId: 'another-log', fetchMaxWaitMs: 50 }, notices);
    await driver.connect();
    topic = uniquePrefix();
    group = uniquePrefix();
    await driver.admin.ensureTopics([{ topic, partitions: 1, replicationFactor: 1, configs: {} }]);
  });
  afterEach(() => driver.close(5_000));
  afterAll(async () => (await running).stop());

  async function joined(options: ReaderOptions): Promise<Reader> {
    const reader = new Reader(driver, topic, group, options);
    await reader.join();
    return reader;
  }

  /** While the only fetch waits all of it is done. */
  async function anotherLog(filled: () => Promise<void>): Promise<void> {
    await until(async () => (await driver.admin.committed(group, topic))[0]!.offset === 3);
    const kafka = await running;
    const held = await kafka.delay({ apis: ['Fetch'], ms: 2_000 });
    await until(async () => (await held.hits()) === 1);
    const client = kafkajsClient(kafka.bootstrap);
    const admin = client.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await createTopic(client, topic);
    await admin.disconnect();
    await filled();
  }
  const fill = async (...values: string[]): Promise<number> => produce(kafkajsClient((await running).bootstrap), topic, values);
  const outOfRange = (): Promise<void> => until(() => raised.some(({ message }) => message.includes('Offset out of range')));

  it('a reader is asked where to begin, because another record is where it read its last one', async () => {
    const asked: (number | undefined)[] = [];
    const reader = await joined({
      start: ({ committed: at, beginning }) => {
        asked.push(at);
        return Promise.resolve(at ?? beginning);
      },
    });
    await driver.produce(topic, 0, records('a', 'b', 'c'), soon());
    await reader.read(3);
    await anotherLog(outOfRange);
    await fill('x', 'y', 'z');

    expect((await reader.read(6)).map(text)).toEqual(['a', 'b', 'c', 'x', 'y', 'z']);
    expect(asked).toEqual([undefined, undefined]);
  });

  it('a reader is asked where to begin, also when a record of the log that is gone was settled late, and the group has its offset', async () => {
    const asked: (number | undefined)[] = [];
    const settling = gate();
    const reader = await joined({
      start: ({ committed: at, beginning }) => {
        asked.push(at);
        return Promise.resolve(at ?? beginning);
      },
      handle: ({ records: [first] }) => (text(first!) === 'd' ? settling.promise : Promise.resolve()),
    });
    await driver.produce(topic, 0, records('a', 'b', 'c'), soon());
    await reader.read(3);
    await driver.produce(topic, 0, records('d'), soon());
    await until(() => reader.busy === 1);
    await anotherLog(outOfRange);
    settling.open();
    await until(async () => (await driver.admin.committed(group, topic))[0]!.offset === 4);
    await fill('v', 'w', 'x', 'y', 'z');

    expect((await reader.read(9)).map(text)).toEqual(['a', 'b', 'c', 'd', 'v', 'w', 'x', 'y', 'z']);
    expect(asked).toEqual([undefined, undefined]);
  });

  it('a reader is asked where to begin, because the group has no offset any more', async () => {
    const asked: (number | undefined)[] = [];
    const reader = await joined({
      start: ({ committed: at, beginning }) => {
        asked.push(at);
        return Promise.resolve(at ?? beginning);
      },
    });
    await driver.produce(topic, 0, records('a', 'b', 'c'), soon());
    await reader.read(3);
    await anotherLog(async () => {
      await fill('x', 'y', 'z');
      await (await running).fail({ apis: ['Heartbeat'], group, error: 'REBALANCE_IN_PROGRESS' });
    });

    expect((await reader.read(6)).map(text)).toEqual(['a', 'b', 'c', 'x', 'y', 'z']);
    expect(asked.at(-1)).toBeUndefined();
  });

  it('a commit that found no topic is not repeated: it would count for the new log', async () => {
    const kafka = await running;
    const failed = await kafka.fail({ apis: ['OffsetCommit'], topic, error: 'UNKNOWN_TOPIC_OR_PARTITION' });
    const reader = await joined({});
    await driver.produce(topic, 0, records('a'), soon());
    await reader.read(1);
    await until(async () => (await failed.hits()) === 1);
    const commits = await kafka.delay({ apis: ['OffsetCommit'], ms: 0, count: -1 });
    const heartbeats = await kafka.delay({ apis: ['Heartbeat'], ms: 0, count: -1 });
    await until(async () => (await heartbeats.hits()) >= 2);
    expect(await commits.remove()).toBe(0);
    await heartbeats.remove();
    await driver.produce(topic, 0, records('b'), soon());

    await until(async () => (await driver.admin.committed(group, topic))[0]!.offset === 2);
  });
});
