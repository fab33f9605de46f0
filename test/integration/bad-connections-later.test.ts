import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import type { KafkaSettings } from '../../src/config/kafka-config.js';
import { startEmbeddedKafka, type EmbeddedKafka, type EmbeddedKafkaOptions } from '../../src/kafka/embedded/embedded-kafka.js';
import { until } from '../support/application.js';
import { authority, expired, server } from '../support/certificates.js';
import { everythingOn } from '../support/client.js';
import { becomes, becomesWell, check } from '../support/health.js';
import { application, OrderPlaced, Orders, stopApplications } from '../support/shop-application.js';
import { settled } from '../support/start-error.js';

const dir = mkdtempSync(join(tmpdir(), 'busbar-bad-connections-later-'));
const sslCafile = join(dir, 'authority.pem');
writeFileSync(sslCafile, authority);

const user = (password: string): EmbeddedKafkaOptions => ({ users: [{ mechanism: 'PLAIN', username: 'ada', password }] });
const login: KafkaSettings = { securityProtocol: 'SASL_PLAINTEXT', saslMechanism: 'PLAIN', saslUsername: 'ada', saslPassword: 'right' };

interface Case {
  readonly what: string;
  readonly settings: KafkaSettings;
  readonly before: EmbeddedKafkaOptions;
  /** What is there meanwhile; undefined: nothing. */
  readonly meanwhile: EmbeddedKafkaOptions | undefined;
  /** What health says of the broker. */
  readonly message: string;
  /** Whether it reads too: members of a group come back only when the group has missed them, which takes ten seconds. */
  readonly reads?: boolean;
  /** How a publish ends that falls into that time. */
  readonly publish: 'waits' | 'is refused';
}

const CASES: readonly Case[] = [
  {
    what: 'has another password for it',
    settings: login,
    before: user('right'),
    meanwhile: user('changed'),
    reads: true,
    message:
      '[AUTHENTICATION_FAILED] cannot count the brokers: the broker refused the login with PLAIN (…); check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, and that the broker knows the user for PLAIN',
    publish: 'is refused',
  },
  {
    what: 'expects a login of a sudden',
    settings: {},
    before: {},
    meanwhile: user('right'),
    message:
      '[BROKER_UNREACHABLE] cannot count the brokers: HOST hung up (…): it expects TLS or a login, or it is stopping; if it stays so, set KAFKA_SECURITY_PROTOCOL (PLAINTEXT) to that of the port: SSL, SASL_PLAINTEXT or SASL_SSL',
    publish: 'waits',
  },
  {
    what: 'shows a certificate that has expired',
    settings: { securityProtocol: 'SSL', sslCafile },
    before: { tls: server },
    meanwhile: { tls: expired },
    message:
      '[TLS_FAILED] cannot count the brokers: the certificate of HOST is out of date (…); renew it on the broker, or set the clock of this machine',
    publish: 'waits',
  },
  {
    what: 'is not there',
    settings: {},
    before: {},
    meanwhile: undefined,
    message:
      '[BROKER_UNREACHABLE] cannot count the brokers: no answer from HOST (…); check KAFKA_BOOTSTRAP_SERVERS, and that Kafka runs there',
    publish: 'waits',
  },
];

describe('a running service whose broker', () => {
  const brokers = new Set<EmbeddedKafka>();
  afterAll(async () => {
    await stopApplications();
    await Promise.all([...brokers].map((broker) => broker.stop()));
    rmSync(dir, { recursive: true });
  });

  async function start(options: EmbeddedKafkaOptions): Promise<EmbeddedKafka> {
    const broker = await startEmbeddedKafka(options);
    brokers.add(broker);
    return broker;
  }

  it.concurrent.each(CASES)(
    '$what is red and says why, and loses nothing once it is as before',
    async ({ settings, before, meanwhile, reads, message, publish }) => {
      const dataDir = mkdtempSync(join(dir, 'log-'));
      const first = await start({ ...before, dataDir });
      const address = first.bootstrap;
      const ports = [Number(address.split(':')[1])];
      const { service, bus, container } = await application(
        { bootstrapServers: address, ...settings },
        reads ? {} : { processors: [], listeners: [] },
      );
      await service.start();
      await bus.publish(new OrderPlaced({ orderId: 'before' }));

      await first.stop();
      const other = meanwhile === undefined ? undefined : await start({ ...meanwhile, ports });
      const health = await becomes(service, 'broker', 'red', message.slice(0, 24));
      // What is under way when a broker goes may be told in other words for a moment.
      let said = check(health, 'broker').message;
      await until(async () => {
        said = settled(check(await service.healthCheck(), 'broker').message, address);
        return said === message || said.startsWith('a broker answers');
      });
      expect(said).toBe(message);
      const published = bus.publish(new OrderPlaced({ orderId: 'meanwhile' })).then(
        () => 'safe',
        (error: unknown) => error,
      );
      if (publish === 'is refused') expect(await published).toMatchObject({ code: 'AUTHENTICATION_FAILED', certainty: 'not-sent' });

      await other?.stop();
      await start({ ...before, dataDir, ports });
      await becomesWell(service, 'broker', 'the broker was as before');
      if (publish === 'waits') expect(await published).toBe('safe');
      await bus.publish(new OrderPlaced({ orderId: 'after' }));
      const expected = publish === 'waits' ? ['before', 'meanwhile', 'after'] : ['before', 'after'];
      const onTheLog = (await everythingOn(service.client, 'orders')).filter(({ headers }) => headers['ce_type'] === 'order_placed');
      expect(onTheLog.map(({ key }) => String(key)).toSorted()).toEqual(expected.toSorted());
      if (!reads) return;
      const orders = container.get(Orders);
      await orders.untilHandled(expected.length);
      await until(() => service.caughtUp());
      // What was not committed when the broker went comes again.
      expect([...new Set(orders.handled)].toSorted()).toEqual(expected.toSorted());
      const { delivered, ...others } = service.processors.runner('orders').status().outcomes;
      expect(Object.values(others).reduce((sum, count) => sum + count, 0)).toBe(delivered);
    },
  );
});
