import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import type { KafkaDriver } from '../../src/kafka/driver.js';
import { Notices, type Notice } from '../../src/telemetry/notices.js';
import { Reader, records, soon, text, until } from '../../src/testing/driver-conformance-stage.js';
import { uniquePrefix } from '../support/kafka.js';
import { kafkajsClient } from '../support/kafkajs-client.js';

describe('producing with kafkajs while brokers fail', () => {
  const running = startEmbeddedKafka({ nodes: 2 });
  let driver: KafkaDriver;
  let topic: string;
  let raised: Notice[];

  beforeEach(async () => {
    raised = [];
    const notices = new Notices();
    notices.onNotice((notice) => raised.push(notice));
    const kafka = await running;
    driver = kafkajsDriver(
      { brokers: kafka.bootstrap.split(','), clientId: 'faults', fetchMaxWaitMs: 50, requestTimeoutMs: 2_000 },
      notices,
    );
    await driver.connect();
    topic = uniquePrefix();
    await driver.admin.ensureTopics([{ topic, partitions: 2, replicationFactor: 1, configs: {} }]);
    for (const partition of [0, 1]) await kafka.moveLeader(topic, partition, partition);
  });
  afterEach(() => driver.close(5_000));
  afterAll(async () => (await running).stop());

  /** Everything on the partition, in log order. */
  async function log(partition: number): Promise<string[]> {
    const { end } = (await driver.admin.offsets(topic))[partition]!;
    const reader = new Reader(driver, topic, uniquePrefix(), {
      start: ({ partition: p, beginning, end: e }) => Promise.resolve(p === partition ? beginning : e),
    });
    await reader.join();
    const read = await reader.read(end);
    await reader.subscription.close();
    return read.map(text);
  }

  const codes = (): string[] => raised.filter(({ level }) => level !== 'info').map(({ code }) => code);

  it('writes a batch once when its answers are lost again and again', async () => {
    await driver.produce(topic, 0, records('first'), soon());
    const lost = await (await running).loseAnswers({ apis: ['Produce'], count: 5 });

    expect(await driver.produce(topic, 0, records('second', 'third'), soon())).toBe(1);
    expect(await driver.produce(topic, 0, records('fourth'), soon())).toBe(3);
    expect(await lost.hits()).toBe(5);
    expect(await log(0)).toEqual(['first', 'second', 'third', 'fourth']);
  });

  it('does not take a refusal to tell of the topic for a refusal of the batch whose answer was lost', async () => {
    const kafka = await running;
    await driver.produce(topic, 0, records('first'), soon());
    await kafka.loseAnswers({ apis: ['Produce'] });
    const refused = await kafka.fail({ apis: ['Metadata'], error: 'TOPIC_AUTHORIZATION_FAILED', topic });

    await expect(driver.produce(topic, 0, records('second'), soon())).rejects.toMatchObject({
      code: 'AUTHORIZATION_FAILED',
      certainty: 'unknown',
    });
    expect(await refused.hits()).toBe(1);
    expect(await log(0)).toEqual(['first', 'second']);
  });

  it('follows a leader that moves while a batch waits, also to a broker that has answered before', async () => {
    const kafka = await running;
    await Promise.all([driver.produce(topic, 0, records('a'), soon()), driver.produce(topic, 1, records('b'), soon())]);
    await kafka.delay({ apis: ['Produce'], nodes: [1], ms: 200 });
    const both = Promise.all([driver.produce(topic, 0, records('c'), soon()), driver.produce(topic, 1, records('d'), soon())]);
    await kafka.moveLeader(topic, 1, 0);
    await both;

    expect([await log(0), await log(1)]).toEqual([
      ['a', 'c'],
      ['b', 'd'],
    ]);
  });

  it('says unknown when the deadline passes on a batch that was written, and never writes another in its place', async () => {
    await driver.produce(topic, 0, records('first'), soon());
    const lost = await (await running).loseAnswers({ apis: ['Produce'], count: -1 });
    await expect(driver.produce(topic, 0, records('order A'), Date.now() + 500)).rejects.toMatchObject({
      code: 'DELIVERY_TIMEOUT',
      certainty: 'unknown',
    });
    await lost.remove();

    expect(await driver.produce(topic, 0, records('order B'), soon())).toBe(2);
    expect(await log(0)).toEqual(['first', 'order A', 'order B']);
    expect(codes()).toEqual(['PRODUCER_REPLACED']);
  });

  it('lets what is under way on a discarded producer end, without a duplicate', async () => {
    const kafka = await running;
    await Promise.all([driver.produce(topic, 0, records('a'), soon()), driver.produce(topic, 1, records('b'), soon())]);
    const lost = [
      await kafka.loseAnswers({ apis: ['Produce'], nodes: [0], count: -1 }),
      await kafka.loseAnswers({ apis: ['Produce'], nodes: [1], count: -1 }),
    ];
    const other = driver.produce(topic, 1, records('c'), soon());
    await expect(driver.produce(topic, 0, records('d'), Date.now() + 500)).rejects.toMatchObject({ certainty: 'unknown' });
    // Two attempts at least begin after the other batch has discarded the producer.
    const hits = await lost[1]!.hits();
    await until(async () => (await lost[1]!.hits()) >= hits + 4);
    for (const fault of lost) await fault.remove();

    expect(await other).toBe(1);
    expect(await driver.produce(topic, 1, records('e'), soon())).toBe(2);
    expect(await log(1)).toEqual(['b', 'c', 'e']);
  });

  it('says not sent, and keeps to it, when the deadline passes before anything was written', async () => {
    const delayed = await (await running).delay({ apis: ['InitProducerID'], ms: 600, count: -1 });
    await expect(driver.produce(topic, 0, records('never'), Date.now() + 200)).rejects.toMatchObject({
      code: 'DELIVERY_TIMEOUT',
      certainty: 'not-sent',
    });
    await delayed.remove();

    expect(await driver.produce(topic, 0, records('next'), soon())).toBe(0);
    expect(await log(0)).toEqual(['next']);
    expect(codes()).toEqual([]);
  });

  it('takes back a batch that waits behind another one when its deadline passes', async () => {
    const kafka = await running;
    await kafka.moveLeader(topic, 1, 0);
    await driver.produce(topic, 0, records('a'), soon());
    // One request at a time per broker: the second batch waits for the first.
    const delayed = await kafka.delay({ apis: ['Produce'], nodes: [0], ms: 800 });
    const slow = driver.produce(topic, 0, records('b'), soon());
    while ((await delayed.hits()) === 0);
    await expect(driver.produce(topic, 1, records('never'), Date.now() + 200)).rejects.toMatchObject({ certainty: 'not-sent' });
    await slow;

    expect(await driver.produce(topic, 1, records('next'), soon())).toBe(0);
    expect(await log(1)).toEqual(['next']);
  });

  it('never sends without a producer id', async () => {
    const kafka = await running;
    await kafka.fail({ apis: ['InitProducerID'], error: 'CLUSTER_AUTHORIZATION_FAILED' });
    await expect(driver.produce(topic, 0, records('refused'), soon())).rejects.toMatchObject({
      code: 'AUTHORIZATION_FAILED',
      certainty: 'not-sent',
    });
    await kafka.loseAnswers({ apis: ['Produce'] });

    expect(await driver.produce(topic, 0, records('once'), soon())).toBe(0);
    expect(await log(0)).toEqual(['once']);
  });

  it.each(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH'])(
    'begins a new sequence when the broker does not go on with the old one: %s',
    async (error) => {
      await driver.produce(topic, 0, records('a'), soon());
      await (await running).fail({ apis: ['Produce'], error });

      expect(await driver.produce(topic, 0, records('b'), soon())).toBe(1);
      expect(codes()).toEqual(['PRODUCER_REPLACED']);
    },
  );

  it('recovers from being fenced, which kafkajs has no name for: it says unknown, and the next batch is written', async () => {
    await driver.produce(topic, 0, records('a'), soon());
    await (await running).fail({ apis: ['Produce'], error: 'PRODUCER_FENCED' });
    await expect(driver.produce(topic, 0, records('b'), soon())).rejects.toMatchObject({ certainty: 'unknown' });

    expect(await driver.produce(topic, 0, records('c'), soon())).toBe(1);
    expect(codes()).toEqual(['PRODUCER_REPLACED']);
  });

  it('repeats what the broker could not do now', async () => {
    await (await running).fail({ apis: ['Produce'], error: 'NOT_ENOUGH_REPLICAS', count: 5 });

    expect(await driver.produce(topic, 0, records('a'), soon())).toBe(0);
    expect(await log(0)).toEqual(['a']);
  });

  it('rejects at once what the broker will never take, certainly not sent', async () => {
    await (await running).fail({ apis: ['Produce'], error: 'TOPIC_AUTHORIZATION_FAILED' });
    await expect(driver.produce(topic, 0, records('x'), soon())).rejects.toMatchObject({
      code: 'AUTHORIZATION_FAILED',
      certainty: 'not-sent',
    });

    expect(await driver.produce(topic, 0, records('y'), soon())).toBe(0);
  });

  it('sends to other topics after one was deleted', async () => {
    const client = kafkajsClient((await running).bootstrap).admin();
    const doomed = uniquePrefix();
    await driver.admin.ensureTopics([{ topic: doomed, partitions: 1, replicationFactor: 1, configs: {} }]);
    await driver.produce(doomed, 0, records('x'), soon());
    await driver.admin.offsets(doomed);
    await client.connect();
    await client.deleteTopics({ topics: [doomed] });
    await client.disconnect();
    await expect(driver.produce(doomed, 0, records('x'), soon())).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
    await expect(driver.admin.offsets(doomed)).rejects.toMatchObject({ code: 'TOPIC_MISSING' });

    const fresh = uniquePrefix();
    await driver.admin.ensureTopics([{ topic: fresh, partitions: 1, replicationFactor: 1, configs: {} }]);
    expect(await driver.produce(fresh, 0, records('y'), soon())).toBe(0);
    expect(await driver.admin.offsets(fresh)).toEqual([{ partition: 0, beginning: 0, end: 1 }]);
  });

  it('answers for every partition when asked for many things at once', async () => {
    const other = uniquePrefix();
    await driver.admin.ensureTopics([{ topic: other, partitions: 3, replicationFactor: 1, configs: {} }]);
    const counts = await Promise.all(
      Array.from({ length: 20 }, async () => [
        (await driver.admin.offsets(topic)).length,
        (await driver.admin.describeTopics([other]))[0]!.partitions,
        (await driver.admin.committed(uniquePrefix(), topic)).length,
        (await driver.admin.offsets(other)).length,
      ]),
    );

    expect(counts).toEqual(counts.map(() => [2, 3, 2, 3]));
  });

  it('ends what is under way when it is closed, each with what is certain', async () => {
    await driver.produce(topic, 0, records('a'), soon());
    const lost = await (await running).loseAnswers({ apis: ['Produce'], count: -1 });
    const sending = driver.produce(topic, 0, records('b'), soon()).catch((error: unknown) => error);
    while ((await lost.hits()) === 0);
    await driver.close(200);
    expect(await sending).toMatchObject({ certainty: 'unknown' });
    await lost.remove();
    await expect(driver.produce(topic, 0, records('c'), soon())).rejects.toMatchObject({ certainty: 'not-sent' });
  });
});
