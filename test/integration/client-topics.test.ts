import { afterEach, describe, expect, it } from 'vitest';

import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { startedClient } from '../support/client.js';
import { sharedKafka, uniquePrefix } from '../support/kafka.js';
import { kafkajsClient } from '../support/kafkajs-client.js';
import { application, stopApplications } from '../support/shop-application.js';

afterEach(stopApplications);

describe('topics', () => {
  it('are created as the configuration says, or as it is told, and are left alone when they exist', async () => {
    const { client, config } = await startedClient({
      numPartitions: 2,
      topics: { orders: {}, imports: { partitions: 4, retentionMs: 60_000 } },
    });
    const fullName = `${config.topicPrefix}.imports`;
    const copies = Math.min(3, (await client.health()).brokers!);
    expect(await client.createTopic('imports')).toEqual({
      created: true,
      name: 'imports',
      fullName,
      partitions: 4,
      replicationFactor: copies,
      minInsyncReplicas: Math.max(1, copies - 1),
      retentionMs: 60_000,
      maxBatchBytes: 1_048_588,
    });
    expect(await client.createTopic('imports', { partitions: 9 })).toMatchObject({ created: false, partitions: 4 });
    expect(await client.createTopic('other')).toMatchObject({ created: true, partitions: 2, retentionMs: 7 * 86_400_000 });
    expect(await client.createTopic('third', { partitions: 1, retentionMs: -1 })).toMatchObject({ partitions: 1, retentionMs: -1 });

    expect((await client.topics()).map(({ name }) => name)).toEqual(['imports', 'orders', 'other', 'third']);
    const [stranger] = (await startedClient()).config.topicPrefix!.split('.');
    const all = await client.topics({ all: true });
    expect(all.find((topic) => topic.fullName === `${stranger}.orders`)).toMatchObject({ name: undefined });
    expect(all.find((topic) => topic.fullName === fullName)).toMatchObject({ name: 'imports' });
  });

  it('are not created when it is not allowed or makes no sense', async () => {
    const prefix = uniquePrefix();
    await (await startedClient({ topicPrefix: prefix })).client.createTopic('there');
    const { client } = await startedClient({ topicPrefix: prefix, createTopics: false });
    await expect(client.createTopic('imports')).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
    expect(await client.createTopic('there')).toMatchObject({ created: false });
    await expect(client.createTopic('no topic')).rejects.toMatchObject({ code: 'TOPIC_INVALID' });
    await expect(client.createTopic('imports.dead-letter')).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
    const wrong = { partitions: 0, retentionMs: 0.5, mapping: {}, copies: 3 };
    const error: unknown = await client.createTopic('imports', wrong).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ARGUMENT_INVALID' });
    for (const part of ['partitions', 'retentionMs', 'mapping', 'copies']) expect(String(error)).toContain(part);
    await expect(client.createTopic('imports', { partitions: 3n, retentionMs: 1e20 } as never)).rejects.toThrow(
      /^\[ARGUMENT_INVALID\] .*imports\.partitions is 3n.*imports\.retentionMs is 100000000000000000000/,
    );
    await expect(client.createTopic(undefined as never)).rejects.toMatchObject({ code: 'TOPIC_INVALID' });
    await expect(client.topic(7 as never)).rejects.toMatchObject({ code: 'TOPIC_INVALID' });
    await expect(client.lag('orders', 'orders' as never)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
    await expect(client.produceBatch('orders' as never)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
    expect((await client.topics()).map(({ name }) => name)).toEqual(['orders', 'there']);
  });

  it("that were deleted stand in nobody else's way", async () => {
    const { client, config } = await startedClient();
    await client.createTopic('imports');
    await client.offsets('imports');
    const admin = kafkajsClient((await sharedKafka()).bootstrap).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [`${config.topicPrefix}.imports`] });
    await admin.disconnect();
    expect(await client.offsets('orders')).toHaveLength(3);
    await expect(client.offsets('imports')).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
    expect(await client.createTopic('imports')).toMatchObject({ created: true });
  });

  it('say what is on their partitions, and what was meant by a name that is none', async () => {
    const { client } = await startedClient();
    await client.createTopic('imports', { partitions: 2 });
    const { partition } = await client.produce({ topic: 'imports', key: 'k', value: 'x' });
    const offsets = [0, 1].map((each) => ({ partition: each, beginning: 0, end: each === partition ? 1 : 0 }));
    expect(await client.offsets('imports')).toEqual(offsets);
    expect(await client.topic('imports')).toMatchObject({ name: 'imports', partitions: 2, offsets });
    for (const call of [client.topic('import'), client.offsets('import'), client.lag('x', ['import'])])
      await expect(call).rejects.toThrow("did you mean 'imports'?");
  });

  it('tell how far a processor is behind, by its name, and ask for the topics of a group that is unknown here', async () => {
    const { service } = await application();
    await service.start();
    const lag = await service.client.lag('orders');
    expect(lag.map(({ topic, partition }) => [topic, partition])).toEqual([
      ['orders', 0],
      ['orders', 1],
      ['orders', 2],
    ]);
    await expect(service.client.lag('nobody')).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
  });
});

describe('health', () => {
  it('says that the cluster answers, how soon, and how many brokers it has; without one it says so in time', async () => {
    const kafka = await startEmbeddedKafka();
    const { client } = await startedClient({ bootstrapServers: kafka.bootstrap });
    const health = await client.health();
    expect(health).toEqual({ reachable: true, roundTripMs: expect.any(Number) as number, brokers: 1 });
    expect(health.roundTripMs).toBeGreaterThan(0);

    await kafka.stop();
    const asked = Date.now();
    const answers = await Promise.all([client.health(), client.health()]);
    expect(Date.now() - asked).toBeLessThan(10_000);
    expect(answers).toMatchObject([{ reachable: false }, { reachable: false }]);
    expect(answers[0].error).toMatchObject({ code: 'BROKER_UNREACHABLE' });
  });
});
