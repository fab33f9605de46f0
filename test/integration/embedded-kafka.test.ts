import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { sharedKafka, uniquePrefix } from '../support/kafka.js';
import { consume, createTopic, endOffset, kafkajsClient, produce } from '../support/kafkajs-client.js';

describe('the shared Kafka of the tests', () => {
  it('is one for all who ask', async () => {
    expect(await sharedKafka()).toEqual(await sharedKafka());
  });

  it('lets kafkajs create a topic, produce and consume', async () => {
    const client = kafkajsClient((await sharedKafka()).bootstrap);
    const topic = `${uniquePrefix()}.orders`;
    await createTopic(client, topic);

    expect(await produce(client, topic, ['one', 'two'])).toBe(0);
    expect(await consume(client, topic, `${topic}.group`, 2)).toEqual(['one', 'two']);
  });
});

describe('an embedded Kafka', () => {
  const running = startEmbeddedKafka({ topics: { seeded: 2 } });
  afterAll(async () => (await running).stop());

  it('has the topics it was given', async () => {
    const admin = kafkajsClient((await running).bootstrap).admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: ['seeded'] });
    await admin.disconnect();

    expect(topics[0]?.partitions).toHaveLength(2);
  });

  it('creates no topic because a client asks for one', async () => {
    await expect(produce(kafkajsClient((await running).bootstrap), 'nobody-made-me', ['x'])).rejects.toMatchObject({
      cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' },
    });
  });

  it('shares nothing with a second one in the same process', async () => {
    const first = await running;
    const second = await startEmbeddedKafka({ topics: { seeded: 1 } });
    await produce(kafkajsClient(second.bootstrap), 'seeded', ['only here']);

    expect(await endOffset(kafkajsClient(first.bootstrap), 'seeded')).toBe(0);
    await second.stop();
    expect(await endOffset(kafkajsClient(first.bootstrap), 'seeded')).toBe(0);
  });

  it('says so when its port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    await expect(startEmbeddedKafka({ ports: [port] })).rejects.toMatchObject({
      code: 'EMBEDDED_FAILED',
      message: expect.stringContaining('EADDRINUSE') as string,
    });
    server.close();
  });

  it.each([{ ports: [70_000] }, { nodes: 0 }, { nodes: 2, ports: [0] }])('refuses the impossible: %j', async (options) => {
    await expect(startEmbeddedKafka(options)).rejects.toMatchObject({ code: 'EMBEDDED_FAILED' });
  });

  it('removes its temporary directory when it stops', async () => {
    const kafka = await startEmbeddedKafka();
    expect(existsSync(kafka.dataDir)).toBe(true);

    await kafka.stop();
    expect(existsSync(kafka.dataDir)).toBe(false);
  });

  it('keeps log and committed offsets in its data directory when it is stopped and started', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'busbar-test-'));
    const first = await startEmbeddedKafka({ dataDir, topics: { t: 1 } });
    await produce(kafkajsClient(first.bootstrap), 't', ['a', 'b']);
    expect(await consume(kafkajsClient(first.bootstrap), 't', 'g', 2)).toEqual(['a', 'b']);
    await first.stop();

    const second = await startEmbeddedKafka({ dataDir, topics: { t: 1 } });
    await produce(kafkajsClient(second.bootstrap), 't', ['c']);
    expect(await consume(kafkajsClient(second.bootstrap), 't', 'g', 1)).toEqual(['c']);
    await second.stop();
    rmSync(dataDir, { recursive: true });
  });

  it('refuses operations after it was stopped, and may be stopped twice', async () => {
    const kafka = await startEmbeddedKafka();
    await kafka.stop();
    await kafka.stop();

    await expect(kafka.leader('t', 0)).rejects.toMatchObject({ code: 'EMBEDDED_FAILED' });
  });
});
