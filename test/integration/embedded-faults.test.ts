import kafkajs from 'kafkajs';
import type { Producer } from 'kafkajs';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { uniquePrefix } from '../support/kafka.js';
import { consume, createTopic, endOffset, kafkajsClient, produce } from '../support/kafkajs-client.js';

describe('in an embedded Kafka of three nodes', () => {
  const running = startEmbeddedKafka({ nodes: 3 });
  let topic: string;
  let producer: Producer;

  beforeEach(async () => {
    const { bootstrap } = await running;
    topic = uniquePrefix();
    await createTopic(kafkajsClient(bootstrap), topic, 2);
    producer = kafkajsClient(bootstrap, { retry: { retries: 0 } }).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
  });
  afterEach(() => producer.disconnect());
  afterAll(async () => (await running).stop());

  const send = (partition: number): Promise<unknown> => producer.send({ topic, messages: [{ partition, value: 'x' }] });

  it('fail answers one request with the error, and the next is served', async () => {
    const kafka = await running;
    const fault = await kafka.fail({ apis: ['Produce'], topic, error: 'NOT_ENOUGH_REPLICAS' });

    await expect(send(0)).rejects.toMatchObject({ cause: { type: 'NOT_ENOUGH_REPLICAS' } });
    await send(0);
    expect(await fault.hits()).toBe(1);
    expect(await endOffset(kafkajsClient(kafka.bootstrap), topic)).toBe(1);
  });

  it('fail of one partition lets the others through, until it is removed', async () => {
    const kafka = await running;
    const fault = await kafka.fail({ apis: ['Produce'], topic, partitions: [1], error: 'NOT_ENOUGH_REPLICAS', count: -1 });

    await send(0);
    await expect(send(1)).rejects.toThrow(/in-sync replicas/);
    await expect(send(1)).rejects.toThrow(/in-sync replicas/);
    expect(await fault.remove()).toBe(2);
    await send(1);
  });

  it('loseAnswers does the work and tells nobody', async () => {
    const kafka = await running;
    const fault = await kafka.loseAnswers({ apis: ['Produce'], nodes: [await kafka.leader(topic, 0)] });

    await expect(send(0)).rejects.toThrow(/closed connection/i);
    expect(await fault.hits()).toBe(1);
    expect(await endOffset(kafkajsClient(kafka.bootstrap), topic)).toBe(1);
  });

  it('loseAnswers at one node leaves the others alone', async () => {
    const kafka = await running;
    await kafka.moveLeader(topic, 0, 0);
    const fault = await kafka.loseAnswers({ apis: ['Produce'], nodes: [1, 2], count: -1 });

    await send(0);
    expect(await fault.remove()).toBe(0);
  });

  it('delay holds a request back', async () => {
    const kafka = await running;
    const fault = await kafka.delay({ apis: ['Produce'], ms: 150 });
    const began = performance.now();
    await send(0);

    expect(performance.now() - began).toBeGreaterThan(140);
    expect(await fault.hits()).toBe(1);
  });

  it('delay does not take back what the client gave up on', async () => {
    const kafka = await running;
    await kafka.delay({ apis: ['Produce'], ms: 200 });
    const impatient = kafkajsClient(kafka.bootstrap, { retry: { retries: 0 }, requestTimeout: 100 });
    await expect(produce(impatient, topic, ['late'])).rejects.toThrow(/timed out/);

    while ((await endOffset(kafkajsClient(kafka.bootstrap), topic)) === 0);
    expect(await consume(kafkajsClient(kafka.bootstrap), topic, `${topic}.g`, 1)).toEqual(['late']);
  });

  it('moveLeader moves the leader, and a client finds the new one', async () => {
    const kafka = await running;
    for (const node of [0, 1, 2]) {
      await kafka.moveLeader(topic, 0, node);
      expect(await kafka.leader(topic, 0)).toBe(node);
      await produce(kafkajsClient(kafka.bootstrap), topic, [`at ${node}`]);
    }
    expect(await consume(kafkajsClient(kafka.bootstrap), topic, `${topic}.g`, 3)).toEqual(['at 0', 'at 1', 'at 2']);
  });

  it('moveCoordinators gives a group another coordinator that knows its offsets', async () => {
    const kafka = await running;
    const group = `${topic}.g`;
    await produce(kafkajsClient(kafka.bootstrap), topic, ['before']);
    await consume(kafkajsClient(kafka.bootstrap), topic, group, 1);

    const before = await kafka.coordinator(group);
    do await kafka.moveCoordinators();
    while ((await kafka.coordinator(group)) === before);

    await produce(kafkajsClient(kafka.bootstrap), topic, ['after']);
    expect(await consume(kafkajsClient(kafka.bootstrap), topic, group, 1)).toEqual(['after']);
  });

  it('addNode and removeNode change the cluster', async () => {
    const kafka = await running;
    const node = await kafka.addNode();
    expect(kafka.nodes).toEqual([0, 1, 2, node]);
    expect(kafka.bootstrap.split(',')).toHaveLength(4);
    await kafka.moveLeader(topic, 0, node);
    await produce(kafkajsClient(kafka.bootstrap), topic, ['at the new node']);

    await kafka.removeNode(node);
    expect(kafka.nodes).toEqual([0, 1, 2]);
    expect(await consume(kafkajsClient(kafka.bootstrap), topic, `${topic}.g`, 1)).toEqual(['at the new node']);
  });

  it('sweep applies retention', async () => {
    const kafka = await running;
    const admin = kafkajsClient(kafka.bootstrap).admin();
    await admin.connect();
    const swept = `${topic}.swept`;
    await admin.createTopics({ topics: [{ topic: swept, configEntries: [{ name: 'retention.ms', value: '1000' }], numPartitions: 1 }] });
    await producer.send({ topic: swept, messages: [{ value: 'old', timestamp: String(Date.now() - 60_000) }] });
    expect(await admin.fetchTopicOffsets(swept)).toMatchObject([{ low: '0', high: '1' }]);

    await kafka.sweep();
    expect(await admin.fetchTopicOffsets(swept)).toMatchObject([{ low: '1', high: '1' }]);
    await admin.disconnect();
  });

  it('what does not exist is refused by its name', async () => {
    const kafka = await running;
    const refused = (name: string): object => ({ code: 'EMBEDDED_FAILED', message: expect.stringContaining(name) as string });

    await expect(kafka.fail({ apis: ['Prodcue'], error: 'NOT_ENOUGH_REPLICAS' })).rejects.toMatchObject(refused('Prodcue'));
    await expect(kafka.fail({ apis: ['Produce'], error: 'NOPE' })).rejects.toMatchObject(refused('NOPE'));
    await expect(kafka.delay({ apis: ['Produce'], ms: 1, nodes: [9] })).rejects.toMatchObject(refused('9'));
    await expect(kafka.moveLeader('nowhere', 0, 0)).rejects.toMatchObject(refused('not found'));
    await expect(kafka.removeNode(9)).rejects.toMatchObject(refused('9'));
  });
});
