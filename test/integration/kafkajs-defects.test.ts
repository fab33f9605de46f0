import type { Kafka } from 'kafkajs';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { KafkaDriver } from '../../src/kafka/driver.js';
import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import { Notices } from '../../src/telemetry/notices.js';
import { Reader, records, soon, text, until } from '../../src/testing/driver-conformance-stage.js';
import { uniquePrefix } from '../support/kafka.js';
import { createTopic, kafkajsClient } from '../support/kafkajs-client.js';

/**
 * What kafkajs 2.2.4 does wrong by itself, and the driver over it not, under the same fault. When one of the first kind
 * fails, kafkajs was mended, and the driver may have become simpler.
 */
describe('of kafkajs alone and the driver over it', () => {
  const running = startEmbeddedKafka({ nodes: 3 });
  let client: Kafka;
  let driver: KafkaDriver;
  let topic: string;

  beforeEach(async () => {
    const kafka = await running;
    client = kafkajsClient(kafka.bootstrap, { retry: { retries: 3, initialRetryTime: 30, maxRetryTime: 60 } });
    const notices = new Notices();
    notices.onNotice(() => undefined);
    driver = kafkajsDriver({ brokers: kafka.bootstrap.split(','), clientId: 'defects', fetchMaxWaitMs: 50 }, notices);
    await driver.connect();
    topic = uniquePrefix();
    await createTopic(client, topic, 2);
    for (const partition of [0, 1]) await kafka.moveLeader(topic, partition, partition);
  });
  afterEach(() => driver.close(5_000));
  afterAll(async () => (await running).stop());

  /** Values on the log, partition by partition. */
  async function log(): Promise<string[][]> {
    const ends = await driver.admin.offsets(topic);
    const reader = new Reader(driver, topic, uniquePrefix());
    await reader.join();
    const read = await reader.read(ends.reduce((sum, { end }) => sum + end, 0));
    await reader.subscription.close();
    return [0, 1].map((partition) => read.filter((record) => record.partition === partition).map(text));
  }

  const numbered = (round: number): string[] => Array.from({ length: 1_001 }, (_, i) => `${round}-${i}`);

  describe('when a leader moves to a broker that has answered', () => {
    it('kafkajs resolves a send of which a part was never written', async () => {
      const producer = client.producer();
      await producer.connect();
      const both = (one: string, other: string) => [
        { partition: 0, value: one },
        { partition: 1, value: other },
      ];
      await producer.send({ topic, messages: both('warm', 'warm') });
      await (await running).moveLeader(topic, 1, 0);
      await producer.send({ topic, messages: both('A', 'B') });
      await producer.disconnect();
      expect(await log()).toEqual([['warm', 'A'], ['warm']]);
    });

    it('the driver writes everything', async () => {
      const both = (one: string, other: string) =>
        Promise.all([driver.produce(topic, 0, records(one), soon()), driver.produce(topic, 1, records(other), soon())]);
      await both('warm', 'warm');
      await (await running).moveLeader(topic, 1, 0);
      await both('A', 'B');
      expect(await log()).toEqual([
        ['warm', 'A'],
        ['warm', 'B'],
      ]);
    });
  });

  describe('when one partition cannot take a batch without keys at once', () => {
    const counted = (sent: readonly string[], read: readonly string[]) => {
      const times = sent.map((value) => read.filter((other) => other === value).length);
      return { lost: times.filter((count) => count === 0).length, doubled: times.filter((count) => count > 1).length };
    };
    const fault = async (): Promise<void> => {
      const kafka = await running;
      // The other partition has been acknowledged by then.
      await kafka.delay({ apis: ['Produce'], nodes: [1], ms: 200 });
      await kafka.fail({ apis: ['Produce'], topic, partitions: [1], error: 'NOT_ENOUGH_REPLICAS' });
    };

    it('kafkajs chooses other partitions for the repetition: it loses some, doubles others, and resolves', async () => {
      const producer = client.producer();
      await producer.connect();
      for (const partition of [0, 1]) await producer.send({ topic, messages: [{ partition, value: 'warm' }] });
      // An even number of repetitions chooses the same partitions again; that comes about now and then.
      let found = { lost: 0, doubled: 0 };
      for (let round = 0; round < 5 && found.lost === 0; round++) {
        await fault();
        const sent = numbered(round);
        await producer.send({ topic, messages: sent.map((value) => ({ value })) });
        found = counted(sent, (await log()).flat());
      }
      await producer.disconnect();
      expect(found.lost).toBeGreaterThan(0);
      expect(found.doubled).toBeGreaterThan(0);
    });

    it('the driver repeats the same batch', async () => {
      await fault();
      const halves = [numbered(0).slice(0, 500), numbered(0).slice(500)];
      await Promise.all(halves.map((half, partition) => driver.produce(topic, partition, records(...half), soon())));
      expect(await log()).toEqual(halves);
    });
  });

  describe('when answers are lost until an idempotent producer gives up', () => {
    it('kafkajs gives its sequence number to the next record, which resolves and is never written', async () => {
      const producer = client.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        retry: { retries: 2, initialRetryTime: 30, maxRetryTime: 60 },
      });
      await producer.connect();
      await producer.send({ topic, messages: [{ partition: 0, value: 'first' }] });
      const lost = await (await running).loseAnswers({ apis: ['Produce'], nodes: [0], count: 3 });
      await expect(producer.send({ topic, messages: [{ partition: 0, value: 'A' }] })).rejects.toMatchObject({
        name: 'KafkaJSNumberOfRetriesExceeded',
      });
      await lost.remove();
      await producer.send({ topic, messages: [{ partition: 0, value: 'B' }] });
      await producer.disconnect();
      expect((await log())[0]).toEqual(['first', 'A']);
    });

    it('the driver says that it does not know, and writes the next record with a producer of its own', async () => {
      await driver.produce(topic, 0, records('first'), soon());
      const lost = await (await running).loseAnswers({ apis: ['Produce'], nodes: [0], count: 1_000 });
      await expect(driver.produce(topic, 0, records('A'), Date.now() + 500)).rejects.toMatchObject({ certainty: 'unknown' });
      await lost.remove();
      await driver.produce(topic, 0, records('B'), soon());
      expect((await log())[0]).toEqual(['first', 'A', 'B']);
    });
  });

  describe('when a handler throws a TypeError', () => {
    it('kafkajs stops consuming for good, and the process lives on', async () => {
      const consumer = client.consumer({ groupId: uniquePrefix(), maxWaitTimeInMs: 50, retry: { retries: 0 } });
      const crashed = new Promise<{ restart: boolean }>((resolve) => {
        consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload));
      });
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({ eachMessage: () => Promise.reject(new TypeError('undefined is not a function')) });
      await driver.produce(topic, 0, records('poison'), soon());
      expect((await crashed).restart).toBe(false);
      await consumer.disconnect();
    });

    it('the driver says that reading has stopped, in a word that its caller hears', async () => {
      const reader = new Reader(driver, topic, uniquePrefix(), {
        handle: () => Promise.reject(new TypeError('undefined is not a function')),
      });
      await reader.join();
      await driver.produce(topic, 0, records('poison'), soon());
      expect(await reader.stopped).toMatchObject({ code: 'KAFKA_FAILED' });
      await until(() => reader.subscription.claims().length === 0);
    });
  });
});
