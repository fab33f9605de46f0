import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';

import { afterAll, describe, expect, it } from 'vitest';

import { BusbarError } from '../../src/errors.js';
import type { KafkaDriver } from '../../src/kafka/driver.js';
import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import type { KafkaJsOptions } from '../../src/kafka/kafkajs/options.js';
import { Notices, type Notice } from '../../src/telemetry/notices.js';
import { Reader, records, soon, until } from '../../src/testing/driver-conformance-stage.js';
import { uniquePrefix } from '../support/kafka.js';

const PASSWORD = 'correct horse';

describe('connecting with kafkajs', () => {
  const running = startEmbeddedKafka({ users: [{ mechanism: 'SCRAM-SHA-256', username: 'ada', password: PASSWORD }] });
  afterAll(async () => (await running).stop());

  const raised: Notice[] = [];
  const notices = new Notices();
  notices.onNotice((notice) => raised.push(notice));

  async function driver(options: Partial<KafkaJsOptions>): Promise<KafkaDriver> {
    const { bootstrap } = await running;
    return kafkajsDriver({ brokers: bootstrap.split(','), clientId: 'connecting', connectionTimeoutMs: 500, ...options }, notices);
  }

  async function failure(options: Partial<KafkaJsOptions>): Promise<unknown> {
    const refused = await driver(options);
    const error = await refused.connect().catch((reason: unknown) => reason);
    await refused.close(1_000);
    return error;
  }

  it('says which servers did not answer', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const error = await failure({ brokers: [`127.0.0.1:${port}`] });

    expect(error).toMatchObject({ code: 'BROKER_UNREACHABLE', retriable: true });
    expect((error as Error).message).toMatch(/; check KAFKA_BOOTSTRAP_SERVERS, and that Kafka runs there$/);
    expect(String(error)).toContain(`127.0.0.1:${port}`);
  });

  it('says not sent, within the deadline, while nobody answers', async () => {
    const unreachable = await driver({ brokers: ['127.0.0.1:1'] });
    await expect(unreachable.produce('any', 0, records('x'), Date.now() + 500)).rejects.toMatchObject({
      code: 'DELIVERY_TIMEOUT',
      certainty: 'not-sent',
    });
    await unreachable.close(1_000);
  });

  it('does not try to join any more once it was closed between two attempts', async () => {
    let connections = 0;
    const hungUp = new Set<unknown>();
    const server = createServer((socket) => {
      connections++;
      socket.destroy();
      socket.once('close', () => hungUp.add(socket));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const closing = await driver({ brokers: [`127.0.0.1:${(server.address() as AddressInfo).port}`] });
    const joining = new Reader(closing, 'any', uniquePrefix()).join().catch((error: unknown) => error);
    // So often kafkajs tries by itself; then the subscription pauses.
    await until(() => hungUp.size >= 5);
    const before = connections;
    await closing.close(5_000);

    expect(await joining).toBeInstanceOf(BusbarError);
    expect(connections - before, 'what was under way at most').toBeLessThanOrEqual(5);
    server.close();
  });

  it('logs in', async () => {
    const connected = await driver({ sasl: { mechanism: 'scram-sha-256', username: 'ada', password: PASSWORD } });
    await connected.connect();
    const topic = uniquePrefix();
    await connected.admin.ensureTopics([{ topic, partitions: 1, replicationFactor: 1, configs: {} }]);

    expect(await connected.produce(topic, 0, records('x'), soon())).toBe(0);
    await connected.close(5_000);
  });

  it('says that the credentials were refused, and keeps them to itself', async () => {
    const error = await failure({ sasl: { mechanism: 'scram-sha-256', username: 'ada', password: 'battery staple' } });

    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', retriable: false });
    expect(inspect(error, { depth: Infinity }) + inspect(raised, { depth: Infinity })).not.toContain('battery staple');
  });

  it('says that security settings may be wrong when the broker hangs up', async () => {
    expect(String(await failure({ ssl: { rejectUnauthorized: false } }))).toContain('set KAFKA_SECURITY_PROTOCOL=PLAINTEXT');
  });

  it('keeps what kafkajs logs out of the way', () => {
    expect(raised.length).toBeGreaterThan(0);
    expect(raised.filter(({ level, code }) => level !== 'info' || code !== 'CLIENT_LOG')).toEqual([]);
  });
});
