import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import kafkajs from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { KafkaConfig, type KafkaSettings } from 'busbar';

import type { BusbarError } from '../../src/errors.js';
import { until } from '../../src/testing/driver-conformance-stage.js';
import { expectNowhere, lookedAt } from '../support/canaries.js';
import { becomes, becomesWell, check } from '../support/health.js';
import { KafkaCluster } from '../support/kafka-cluster.js';
import { uniquePrefix } from '../support/kafka.js';
import { kafkajsClient } from '../support/kafkajs-client.js';
import { application, OrderPlaced, Orders, stopApplications } from '../support/shop-application.js';

/** A node with SASL over TLS, client certificates and an authorizer takes a while to start. */
const START_MS = 120_000;

let cluster: KafkaCluster;
let sasl: string;
let mtls: string;
let ca: string;
beforeAll(async () => {
  cluster = await KafkaCluster.start({ nodes: 1, secure: true });
  [sasl, mtls, ca] = [await cluster.saslBootstrap(), await cluster.mtlsBootstrap(), await cluster.certificate('ca.pem')];
}, START_MS);
afterEach(stopApplications);
afterAll(() => cluster.stop());

/** As brokers take it that are set up for tests: unsigned. */
function unsignedToken(subject: string, lifeMs: number): string {
  const now = Date.now() / 1000;
  const parts = [{ alg: 'none' }, { sub: subject, iat: now, exp: now + lifeMs / 1000 }];
  return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;
}

const login = (more: KafkaSettings): KafkaSettings => ({ bootstrapServers: sasl, securityProtocol: 'SASL_SSL', sslCafile: ca, ...more });
const alice = { saslUsername: 'alice', saslPassword: 'alice-secret' } as const;

const WAYS: readonly [string, () => KafkaSettings][] = [
  ['PLAIN', () => login({ saslMechanism: 'PLAIN', ...alice })],
  ['SCRAM-SHA-256', () => login({ saslMechanism: 'SCRAM-SHA-256', ...alice })],
  ['SCRAM-SHA-512', () => login({ saslMechanism: 'SCRAM-SHA-512', ...alice })],
  ['OAUTHBEARER', () => login({ saslMechanism: 'OAUTHBEARER', oauthBearerProvider: () => ({ value: unsignedToken('alice', 600_000) }) })],
];

/** Publishes and handles an event; the service has started. */
async function expectToGoRound({ bus, container }: Awaited<ReturnType<typeof application>>, orderId: string): Promise<void> {
  const orders = container.get(Orders);
  const before = orders.handled.length;
  expect(await bus.publish(new OrderPlaced({ orderId }))).toMatchObject({ where: 'kafka' });
  await orders.untilHandled(before + 1);
  expect(orders.handled.at(-1)).toBe(orderId);
}

describe('an event goes out and comes in', () => {
  it.each(WAYS)('over SASL and TLS, logged in with %s', async (_, settings) => {
    const shop = await application(settings());
    await shop.service.start();
    await expectToGoRound(shop, 'o-1');
    expect((await shop.service.healthCheck()).ready).toBe(true);
  });

  it('over TLS with a client certificate, as the environment says', async () => {
    const config = KafkaConfig.fromEnv(
      {
        KAFKA_SERVICE_NAME: 'shop',
        KAFKA_BOOTSTRAP_SERVERS: mtls,
        KAFKA_SECURITY_PROTOCOL: 'SSL',
        KAFKA_SSL_CAFILE: ca,
        KAFKA_SSL_CERTFILE: await cluster.certificate('client.pem'),
        KAFKA_SSL_KEYFILE: await cluster.certificate('client.key'),
        KAFKA_TOPIC_PREFIX: uniquePrefix(),
      },
      { topics: { orders: {} } },
    );
    const shop = await application({}, { config });
    await shop.service.start();
    await expectToGoRound(shop, 'o-1');
  });
});

describe('tokens', () => {
  it('of seconds are replaced while a service works, on connections that stand, and are seen nowhere', async () => {
    const given: string[] = [];
    const oauthBearerProvider = () => {
      given.push(unsignedToken('alice', 14_000));
      return { value: given.at(-1)! };
    };
    const shop = await application(login({ saslMechanism: 'OAUTHBEARER', oauthBearerProvider }));
    await shop.service.start();
    const began = Date.now();
    let round = 0;
    // Beyond the end of the first token, with which the broker would close what was logged in with it.
    while (Date.now() - began < 18_000) {
      await expectToGoRound(shop, `o-${++round}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(given.length).toBeGreaterThan(1);
    expect(given.length).toBeLessThan(18);
    const seen = JSON.stringify([shop.notices, await shop.service.healthCheck(), shop.service.getStats(), String(shop.config)]);
    for (const token of given) expect(seen).not.toContain(token);
    expect(shop.notices.map(({ code }) => code)).not.toContain('CONSUMER_RESTARTED');
  });

  it('are nowhere to be found, whether the broker takes them or not, whatever one looks at', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'busbar-token-'));
    const file = (name: string, content: string): string => {
      writeFileSync(join(dir, name), content);
      return join(dir, name);
    };
    const taken = unsignedToken('alice', 600_000);
    const refused = Buffer.from('{"alg":"none"}').toString('base64url') + '.Y2FuYXJ5LTdmM2EtbmV2ZXItc2hvd24.';
    const config = file(
      'busbar.yaml',
      `serviceName: shop\ntopicPrefix: ${uniquePrefix()}\nbootstrapServers: ${sasl}\nsecurityProtocol: SASL_SSL\nsslCafile: ${ca}\n` +
        'saslMechanism: OAUTHBEARER\nfetchMaxWaitMs: 50\ndebug: true\ntopics:\n  orders: {}\n',
    );
    try {
      for (const [token, shows] of [
        [taken, /receipt: .*kafka/s],
        [refused, /refused the login with OAUTHBEARER/],
      ] as const) {
        const { stdout, stderr } = await lookedAt([config], file('token', token));
        expect(stdout).toMatch(shows);
        // The part in the middle says it all.
        expectNowhere([token, token.split('.')[1]!], stdout + stderr);
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('that cannot be had refuse the start, and say why without what the provider said', async () => {
    const oauthBearerProvider = () => Promise.reject(new Error('client_secret=canary-7f3a'));
    const { service } = await application(login({ saslMechanism: 'OAUTHBEARER', oauthBearerProvider }));
    const refused = (await service.start().catch((error: unknown) => error)) as BusbarError;
    expect(refused.code).toBe('AUTHENTICATION_FAILED');
    expect(refused.message).toContain('no token from oauthBearerProvider: it failed with Error');
    expect(refused.message).not.toContain('canary-7f3a');
  });

  it('that the broker does not take refuse the start', async () => {
    const oauthBearerProvider = () => ({ value: 'bm90.YQ.dG9rZW4', expiresAt: Date.now() + 60_000 });
    const { service } = await application(login({ saslMechanism: 'OAUTHBEARER', oauthBearerProvider }));
    await expect(service.start()).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringMatching(/refused the login with OAUTHBEARER.*; check the token/) as string,
    });
  });
});

describe('a user without the right', () => {
  const OPERATION = kafkajs.AclOperationTypes;
  const RESOURCE = kafkajs.AclResourceTypes;

  /** What `alice` may not; she may all else. */
  async function deny(resourceType: number, resourceName: string, operation: number): Promise<void> {
    const admin = kafkajsClient(cluster.bootstrap).admin();
    await admin.connect();
    const rule = { resourceType, resourceName, resourcePatternType: kafkajs.ResourcePatternTypes.PREFIXED, host: '*' };
    await admin.createAcls({
      acl: [
        { ...rule, principal: 'User:alice', operation, permissionType: kafkajs.AclPermissionTypes.DENY },
        { ...rule, principal: 'User:alice', operation: OPERATION.ALL, permissionType: kafkajs.AclPermissionTypes.ALLOW },
      ],
    });
    await admin.disconnect();
  }
  /** Takes back what `deny` has forbidden. */
  async function allow(resourceType: number, resourceName: string): Promise<void> {
    const admin = kafkajsClient(cluster.bootstrap).admin();
    await admin.connect();
    const { DENY } = kafkajs.AclPermissionTypes;
    const { PREFIXED } = kafkajs.ResourcePatternTypes;
    const filter = { resourceType, resourceName, resourcePatternType: PREFIXED, operation: OPERATION.ANY, permissionType: DENY };
    await admin.deleteAcls({ filters: [filter] });
    await admin.disconnect();
  }
  const shopOfAlice = (more: KafkaSettings = {}) =>
    application(login({ saslMechanism: 'PLAIN', ...alice, groupId: uniquePrefix(), ...more }));

  it('to write is told so by publish, and what is published when it has the right again is handled', async () => {
    const shop = await shopOfAlice();
    await shop.service.start();
    const topic = `${shop.config.topicPrefix}.orders`;
    await deny(RESOURCE.TOPIC, topic, OPERATION.WRITE);
    const safe: string[] = [];
    let refused: BusbarError | undefined;
    // A rule takes effect a moment after it was made.
    while (refused === undefined) {
      const orderId = `o-${safe.length}`;
      try {
        await shop.bus.publish(new OrderPlaced({ orderId }));
        safe.push(orderId);
      } catch (error) {
        refused = error as BusbarError;
      }
    }
    expect(refused).toMatchObject({ code: 'AUTHORIZATION_FAILED', certainty: 'not-sent', retriable: false });
    expect(refused.message).toContain(`${topic}[`);
    await allow(RESOURCE.TOPIC, topic);
    await until(() =>
      shop.bus.publish(new OrderPlaced({ orderId: 'last' })).then(
        () => true,
        () => false,
      ),
    );
    const orders = shop.container.get(Orders);
    await orders.untilHandled(safe.length + 1);
    expect(orders.handled.toSorted()).toEqual([...safe, 'last'].toSorted());
  });

  it('to create topics is refused the start', async () => {
    const topicPrefix = uniquePrefix();
    await deny(RESOURCE.TOPIC, topicPrefix, OPERATION.CREATE);
    // It is enough to have one of the two.
    await deny(RESOURCE.CLUSTER, 'kafka-cluster', OPERATION.CREATE);
    try {
      const { service } = await shopOfAlice({ topicPrefix });
      await expect(service.start()).rejects.toMatchObject({
        code: 'AUTHORIZATION_FAILED',
        message: expect.stringMatching(`cannot create .*${topicPrefix}.*CREATE`) as string,
      });
    } finally {
      await allow(RESOURCE.CLUSTER, 'kafka-cluster');
    }
  });

  it('to join a group is refused the start, with the group', async () => {
    const groupId = uniquePrefix();
    await deny(RESOURCE.GROUP, groupId, OPERATION.READ);
    const { service } = await shopOfAlice({ groupId });
    await expect(service.start()).rejects.toMatchObject({
      code: 'AUTHORIZATION_FAILED',
      message: expect.stringContaining(`cannot join ${groupId}.`) as string,
    });
  });

  it('to read any more is red in health, and handles what came meanwhile when it has the right again', async () => {
    const shop = await shopOfAlice();
    await shop.service.start();
    await expectToGoRound(shop, 'before');
    const topic = `${shop.config.topicPrefix}.orders`;
    await deny(RESOURCE.TOPIC, topic, OPERATION.READ);
    const red = await becomes(shop.service, 'processor orders', 'red', 'the right to read was taken away');
    expect(check(red, 'processor orders').message).toContain('AUTHORIZATION_FAILED');
    await shop.bus.publish(new OrderPlaced({ orderId: 'meanwhile' }));
    await allow(RESOURCE.TOPIC, topic);
    await shop.container.get(Orders).untilHandled(2);
    expect(shop.container.get(Orders).handled).toEqual(['before', 'meanwhile']);
    await becomesWell(shop.service, 'processor orders', 'the right was back');
  });
});
