import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import kafkajs, { type AclEntry, type Admin } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { KafkaSettings } from '../../src/config/kafka-config.js';
import { until } from '../support/application.js';
import { expiredClient, type TestCertificate } from '../support/certificates.js';
import { everythingOn } from '../support/client.js';
import { KafkaCluster } from '../support/kafka-cluster.js';
import { uniquePrefix } from '../support/kafka.js';
import { kafkajsClient } from '../support/kafkajs-client.js';
import { application, OrderPlaced, Orders, stopApplications } from '../support/shop-application.js';
import { startError } from '../support/start-error.js';

const dir = mkdtempSync(join(tmpdir(), 'busbar-bad-connections-'));
const as = (name: string, { cert, key }: TestCertificate): KafkaSettings => {
  writeFileSync(join(dir, `${name}.pem`), cert);
  writeFileSync(join(dir, `${name}.key`), key);
  return { sslCertfile: join(dir, `${name}.pem`), sslKeyfile: join(dir, `${name}.key`) };
};
const alice = { saslUsername: 'alice', saslPassword: 'alice-secret' } as const;

let cluster: KafkaCluster;
let address: Readonly<Record<'plain' | 'login' | 'client', string>>;
let trusting: KafkaSettings;
let ownClient: KafkaSettings;
let otherClient: KafkaSettings;
let distrusting: KafkaSettings;

beforeAll(async () => {
  cluster = await KafkaCluster.start({ nodes: 1, secure: true });
  address = { plain: cluster.bootstrap, login: await cluster.saslBootstrap(), client: await cluster.mtlsBootstrap() };
  trusting = { sslCafile: await cluster.certificate('ca.pem') };
  distrusting = { sslCafile: await cluster.certificate('other-ca.pem') };
  ownClient = { sslCertfile: await cluster.certificate('client.pem'), sslKeyfile: await cluster.certificate('client.key') };
  otherClient = { sslCertfile: await cluster.certificate('other-client.pem'), sslKeyfile: await cluster.certificate('other-client.key') };
});
afterAll(async () => {
  await stopApplications();
  await cluster.stop();
  rmSync(dir, { recursive: true });
});

type Port = keyof typeof address;
const wrong =
  (saslMechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512', more: KafkaSettings = {}) =>
  (): KafkaSettings => ({
    securityProtocol: 'SASL_SSL',
    ...trusting,
    ...alice,
    saslMechanism,
    saslPassword: 'wrong',
    ...more,
  });
const refused = (mechanism: string): string =>
  `[AUTHENTICATION_FAILED] cannot connect: the broker refused the login with ${mechanism} (…); check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, and that the broker knows the user for ${mechanism}`;
const hungUp = (expected: string, protocol: string, others: string): string =>
  `[BROKER_UNREACHABLE] cannot connect: HOST hung up (…): it expects ${expected}, or it is stopping; if it stays so, set KAFKA_SECURITY_PROTOCOL (${protocol}) to that of the port: ${others}`;
const noLogin = (protocol: string): string =>
  `[AUTHENTICATION_FAILED] cannot connect: the port expects no login (…); set KAFKA_SECURITY_PROTOCOL=${protocol}, or name a port of the broker that is for logins in KAFKA_BOOTSTRAP_SERVERS`;
const noTls = (protocol: string): string =>
  `[TLS_FAILED] cannot connect: HOST does not answer in TLS (…): that port has none, or the broker is stopping; set KAFKA_SECURITY_PROTOCOL=${protocol}, or name a port with TLS in KAFKA_BOOTSTRAP_SERVERS`;
const clientRefused =
  '[TLS_FAILED] cannot connect: HOST refused the certificate of this client (…); check that the certificate in KAFKA_SSL_CERTFILE is in date, and that the broker trusts the authority that signed it';

const CASES: readonly (readonly [what: string, port: Port, settings: () => KafkaSettings, text: string])[] = [
  ['a wrong password of PLAIN', 'login', wrong('PLAIN'), refused('PLAIN')],
  ['a wrong password of SCRAM-SHA-256', 'login', wrong('SCRAM-SHA-256'), refused('SCRAM-SHA-256')],
  ['a wrong password of SCRAM-SHA-512', 'login', wrong('SCRAM-SHA-512'), refused('SCRAM-SHA-512')],
  ['a user whom nobody knows', 'login', wrong('SCRAM-SHA-512', { saslUsername: 'bob' }), refused('SCRAM-SHA-512')],
  [
    'an authority that is not the one of the broker',
    'login',
    () => ({ ...wrong('PLAIN')(), ...distrusting }),
    '[TLS_FAILED] cannot connect: the certificate of HOST is signed by nobody who is trusted here (…); put the certificate of the authority that signed it into the file of KAFKA_SSL_CAFILE',
  ],
  [
    'no authority',
    'login',
    () => ({ ...wrong('PLAIN')(), sslCafile: undefined }),
    '[TLS_FAILED] cannot connect: the certificate of HOST is signed by nobody who is trusted here (…); set KAFKA_SSL_CAFILE to the certificate of the authority that signed it',
  ],
  [
    'no certificate where one is wanted',
    'client',
    () => ({ securityProtocol: 'SSL', ...trusting }),
    '[TLS_FAILED] cannot connect: HOST wants a certificate of this client (…); set KAFKA_SSL_CERTFILE and KAFKA_SSL_KEYFILE',
  ],
  [
    'a certificate that the broker does not trust',
    'client',
    () => ({ securityProtocol: 'SSL', ...trusting, ...otherClient }),
    clientRefused,
  ],
  [
    'a certificate that has expired',
    'client',
    () => ({ securityProtocol: 'SSL', ...trusting, ...as('expired', expiredClient) }),
    clientRefused,
  ],
  ['plain text to a port with TLS', 'client', () => ({}), hungUp('TLS or a login', 'PLAINTEXT', 'SSL, SASL_PLAINTEXT or SASL_SSL')],
  [
    'a login in plain text to a port with TLS',
    'login',
    wrong('PLAIN', { securityProtocol: 'SASL_PLAINTEXT' }),
    hungUp('TLS', 'SASL_PLAINTEXT', 'SASL_SSL'),
  ],
  [
    'TLS without a login on a port for both',
    'login',
    () => ({ securityProtocol: 'SSL', ...trusting }),
    hungUp('a login', 'SSL', 'SASL_SSL'),
  ],
  ['TLS to a port without', 'plain', () => ({ securityProtocol: 'SSL', ...trusting }), noTls('PLAINTEXT')],
  ['TLS and a login to a port without', 'plain', wrong('PLAIN'), noTls('SASL_PLAINTEXT')],
  ['a login where none is expected', 'plain', wrong('PLAIN', { securityProtocol: 'SASL_PLAINTEXT' }), noLogin('PLAINTEXT')],
  ['a login where a certificate is enough', 'client', () => ({ ...wrong('PLAIN')(), ...ownClient }), noLogin('SSL')],
];

describe('a start on Apache Kafka that is given', () => {
  it.concurrent.each(CASES)('%s says so, and what to change', async (_, port, settings, text) => {
    expect(await startError(address[port], settings())).toBe(text);
  });
});

describe('a service on Apache Kafka whose user may not', () => {
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
  let admin: Admin;
  beforeAll(async () => {
    admin = kafkajsClient(address.plain).admin();
    await admin.connect();
  });
  afterAll(() => admin.disconnect());

  /** Of alice and what begins so. */
  const rule = (resourceType: number, resourceName: string, operation: number, permissionType: number): AclEntry => ({
    resourceType,
    resourceName,
    resourcePatternType: ResourcePatternTypes.PREFIXED,
    principal: 'User:alice',
    host: '*',
    operation,
    permissionType,
  });
  const allowed = (resource: number, name: string): AclEntry => rule(resource, name, AclOperationTypes.ALL, AclPermissionTypes.ALLOW);
  const denied = (resource: number, name: string, operation: number): AclEntry => rule(resource, name, operation, AclPermissionTypes.DENY);
  const shop = (topicPrefix: string, more: KafkaSettings = {}) =>
    application({
      bootstrapServers: address.login,
      securityProtocol: 'SASL_SSL',
      ...trusting,
      ...alice,
      saslMechanism: 'SCRAM-SHA-256',
      topicPrefix,
      groupId: topicPrefix,
      ...more,
    });

  const mayNot = '(…); grant it DESCRIBE, DESCRIBE_CONFIGS, READ and WRITE on its topics, and CREATE unless KAFKA_CREATE_TOPICS is false';
  const user = '[AUTHORIZATION_FAILED] WHAT: the user of this service may not';

  it.each([
    ['see its topics', AclResourceTypes.TOPIC, AclOperationTypes.DESCRIBE, 'cannot read the leaders of PREFIX.orders', mayNot],
    [
      'read the settings of its topics',
      AclResourceTypes.TOPIC,
      AclOperationTypes.DESCRIBE_CONFIGS,
      'cannot describe PREFIX.orders',
      mayNot,
    ],
    ['read its topics', AclResourceTypes.TOPIC, AclOperationTypes.READ, 'GROUP cannot commit where it begins in PREFIX.orders[N]', mayNot],
    [
      'join its groups',
      AclResourceTypes.GROUP,
      AclOperationTypes.READ,
      'cannot join GROUP',
      '(…); grant it READ on its groups, whose names begin with KAFKA_GROUP_ID',
    ],
  ])('%s does not start, and says what to grant', async (_, resource, operation, what, fix) => {
    const prefix = uniquePrefix();
    await admin.createAcls({ acl: [allowed(resource, prefix), denied(resource, prefix, operation)] });
    const { service } = await shop(prefix);
    const error = await service.start().then(
      () => new Error('it has started'),
      (reason: unknown) => reason as Error,
    );
    const said = error.message
      .replace(/\[\d\]/, '[N]')
      .replace(/\(.*?\)/, '(…)')
      .replace(/ \(…\)/, '(…)');
    expect(
      said
        .replace(`${prefix}.bridge`, 'GROUP')
        .replaceAll(`${prefix}.orders cannot`, 'GROUP cannot')
        .replace(`join ${prefix}.orders`, 'join GROUP')
        .replaceAll(prefix, 'PREFIX'),
    ).toBe(`${user.replace('WHAT', what)}${fix}`);
  });

  it('write is told by publish, with the event not sent; once it may, it goes on, and nothing that was safe is lost', async () => {
    const prefix = uniquePrefix();
    const { service, bus, container } = await shop(prefix);
    await service.start();
    await bus.publish(new OrderPlaced({ orderId: 'before' }));
    const denial = denied(AclResourceTypes.TOPIC, `${prefix}.orders`, AclOperationTypes.WRITE);
    await admin.createAcls({ acl: [allowed(AclResourceTypes.TOPIC, prefix), denial] });
    const refusals: unknown[] = [];
    await until(() =>
      bus.publish(new OrderPlaced({ orderId: 'meanwhile' })).then(
        () => false,
        (error: unknown) => refusals.push(error) > 0,
      ),
    );
    expect(refusals).toEqual([expect.objectContaining({ code: 'AUTHORIZATION_FAILED', certainty: 'not-sent' })]);
    expect(String(refusals[0])).toContain('not written: the user of this service may not (');
    await admin.deleteAcls({ filters: [denial] });
    await until(() =>
      bus.publish(new OrderPlaced({ orderId: 'after' })).then(
        () => true,
        () => false,
      ),
    );
    await until(() => service.caughtUp());
    expect(container.get(Orders).handled).toEqual(expect.arrayContaining(['before', 'after']));
    const onTheLog = (await everythingOn(service.client, 'orders')).filter(({ headers }) => headers['ce_type'] === 'order_placed');
    expect(new Set(onTheLog.map(({ key }) => key))).toEqual(new Set(container.get(Orders).handled));
  });
});
