import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { KafkaSettings } from '../../src/config/kafka-config.js';
import { startEmbeddedKafka, type EmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { authority, elsewhere, expired, otherAuthority, server, stranger, type TestCertificate } from '../support/certificates.js';
import { stopApplications } from '../support/shop-application.js';
import { startError } from '../support/start-error.js';
import { tlsFront, type TlsFront } from '../support/tls-front.js';

const dir = mkdtempSync(join(tmpdir(), 'busbar-bad-connections-'));
const file = (name: string, content: string): string => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};
const trusting: KafkaSettings = { sslCafile: file('authority.pem', authority) };
const distrusting: KafkaSettings = { sslCafile: file('other.pem', otherAuthority) };
const as = (name: string, { cert, key }: TestCertificate): KafkaSettings => ({
  sslCertfile: file(`${name}.pem`, cert),
  sslKeyfile: file(`${name}.key`, key),
});
const login: KafkaSettings = { saslMechanism: 'PLAIN', saslUsername: 'ada', saslPassword: 'right' };

type Port = 'plain' | 'login' | 'tls' | 'tlsLogin' | 'tlsClient' | 'elsewhere' | 'expired' | 'silent' | 'nobody' | 'noName';

/** What the error says; HOST is the address, and (…) what the other side or Node.js has said of it. */
const CASES: readonly (readonly [what: string, port: Port, settings: KafkaSettings, text: string])[] = [
  [
    'somebody who never answers',
    'silent',
    {},
    '[BROKER_UNREACHABLE] cannot connect: no answer from HOST (…); see that it is a Kafka and runs; if it stays so, set KAFKA_SECURITY_PROTOCOL (PLAINTEXT) to that of the port: SSL, SASL_PLAINTEXT or SASL_SSL',
  ],
  [
    'a wrong password of PLAIN',
    'login',
    { securityProtocol: 'SASL_PLAINTEXT', ...login, saslPassword: 'wrong' },
    '[AUTHENTICATION_FAILED] cannot connect: the broker refused the login with PLAIN (…); check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, and that the broker knows the user for PLAIN',
  ],
  [
    'a wrong password of SCRAM',
    'login',
    { securityProtocol: 'SASL_PLAINTEXT', ...login, saslMechanism: 'SCRAM-SHA-256', saslPassword: 'wrong' },
    '[AUTHENTICATION_FAILED] cannot connect: the broker refused the login with SCRAM-SHA-256 (…); check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, and that the broker knows the user for SCRAM-SHA-256',
  ],
  [
    'a user who is not known for this mechanism',
    'login',
    { securityProtocol: 'SASL_PLAINTEXT', ...login, saslMechanism: 'SCRAM-SHA-512' },
    '[AUTHENTICATION_FAILED] cannot connect: the broker refused the login with SCRAM-SHA-512 (…); check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, and that the broker knows the user for SCRAM-SHA-512',
  ],
  [
    'no login where one is expected',
    'login',
    {},
    '[BROKER_UNREACHABLE] cannot connect: HOST hung up (…): it expects TLS or a login, or it is stopping; if it stays so, set KAFKA_SECURITY_PROTOCOL (PLAINTEXT) to that of the port: SSL, SASL_PLAINTEXT or SASL_SSL',
  ],
  [
    'a login where none is expected',
    'plain',
    { securityProtocol: 'SASL_PLAINTEXT', ...login },
    '[AUTHENTICATION_FAILED] cannot connect: the port expects no login (…); set KAFKA_SECURITY_PROTOCOL=PLAINTEXT, or name a port of the broker that is for logins in KAFKA_BOOTSTRAP_SERVERS',
  ],
  [
    'plain text to a port with TLS',
    'tls',
    {},
    '[BROKER_UNREACHABLE] cannot connect: HOST hung up (…): it expects TLS or a login, or it is stopping; if it stays so, set KAFKA_SECURITY_PROTOCOL (PLAINTEXT) to that of the port: SSL, SASL_PLAINTEXT or SASL_SSL',
  ],
  [
    'a login in plain text to a port with TLS',
    'tlsLogin',
    { securityProtocol: 'SASL_PLAINTEXT', ...login },
    '[BROKER_UNREACHABLE] cannot connect: HOST hung up (…): it expects TLS, or it is stopping; if it stays so, set KAFKA_SECURITY_PROTOCOL (SASL_PLAINTEXT) to that of the port: SASL_SSL',
  ],
  [
    'TLS to a port without',
    'plain',
    { securityProtocol: 'SSL', ...trusting },
    '[TLS_FAILED] cannot connect: HOST does not answer in TLS (…): that port has none, or the broker is stopping; set KAFKA_SECURITY_PROTOCOL=PLAINTEXT, or name a port with TLS in KAFKA_BOOTSTRAP_SERVERS',
  ],
  [
    'TLS without a login on a port for both',
    'tlsLogin',
    { securityProtocol: 'SSL', ...trusting },
    '[BROKER_UNREACHABLE] cannot connect: HOST hung up (…): it expects a login, or it is stopping; if it stays so, set KAFKA_SECURITY_PROTOCOL (SSL) to that of the port: SASL_SSL',
  ],
  [
    'TLS and a login where TLS is enough',
    'tls',
    { securityProtocol: 'SASL_SSL', ...login, ...trusting },
    '[AUTHENTICATION_FAILED] cannot connect: the port expects no login (…); set KAFKA_SECURITY_PROTOCOL=SSL, or name a port of the broker that is for logins in KAFKA_BOOTSTRAP_SERVERS',
  ],
  [
    'an authority that is not the one of the broker',
    'tls',
    { securityProtocol: 'SSL', ...distrusting },
    '[TLS_FAILED] cannot connect: the certificate of HOST is signed by nobody who is trusted here (…); put the certificate of the authority that signed it into the file of KAFKA_SSL_CAFILE',
  ],
  [
    'no authority',
    'tls',
    { securityProtocol: 'SSL' },
    '[TLS_FAILED] cannot connect: the certificate of HOST is signed by nobody who is trusted here (…); set KAFKA_SSL_CAFILE to the certificate of the authority that signed it',
  ],
  [
    'a broker that shows the certificate of another host',
    'elsewhere',
    { securityProtocol: 'SSL', ...trusting },
    '[TLS_FAILED] cannot connect: the certificate of HOST is for another name (…); name the broker as its certificate does, in KAFKA_BOOTSTRAP_SERVERS and in advertised.listeners of the broker, or give it a certificate for that name',
  ],
  [
    'a broker whose certificate has expired',
    'expired',
    { securityProtocol: 'SSL', ...trusting },
    '[TLS_FAILED] cannot connect: the certificate of HOST is out of date (…); renew it on the broker, or set the clock of this machine',
  ],
  [
    'no certificate where one is wanted',
    'tlsClient',
    { securityProtocol: 'SSL', ...trusting },
    '[TLS_FAILED] cannot connect: HOST wants a certificate of this client (…); set KAFKA_SSL_CERTFILE and KAFKA_SSL_KEYFILE',
  ],
  [
    // Node.js hangs up without a word; Apache Kafka says why, see test/kafka/bad-connections.test.ts.
    'a certificate that the broker does not trust',
    'tlsClient',
    { securityProtocol: 'SSL', ...trusting, ...as('stranger', stranger) },
    '[BROKER_UNREACHABLE] cannot connect: HOST hung up (…): it expects a login or another certificate of this client, or it is stopping; if it stays so, set KAFKA_SECURITY_PROTOCOL (SSL) to that of the port: SASL_SSL',
  ],
  [
    'a port where nobody listens',
    'nobody',
    {},
    '[BROKER_UNREACHABLE] cannot connect: no answer from HOST (…); check KAFKA_BOOTSTRAP_SERVERS, and that Kafka runs there',
  ],
  [
    'a name that nobody has',
    'noName',
    {},
    '[BROKER_UNREACHABLE] cannot connect: no answer from HOST (…); check KAFKA_BOOTSTRAP_SERVERS, and that Kafka runs there',
  ],
];

describe('a start that is given', () => {
  let brokers: readonly EmbeddedKafka[] = [];
  let fronts: readonly TlsFront[] = [];
  const silent = createServer();
  let address: Readonly<Record<Port, string>>;

  beforeAll(async () => {
    const users = (['PLAIN', 'SCRAM-SHA-256'] as const).map((mechanism) => ({ mechanism, username: 'ada', password: 'right' }));
    brokers = await Promise.all([startEmbeddedKafka(), startEmbeddedKafka({ users })]);
    const [plain, loggedIn] = brokers.map(({ bootstrap }) => bootstrap) as [string, string];
    fronts = await Promise.all([
      tlsFront(plain, server),
      tlsFront(loggedIn, server),
      tlsFront(plain, { ...server, ca: authority, requestCert: true, rejectUnauthorized: true }),
      tlsFront(plain, elsewhere),
      tlsFront(plain, expired),
    ]);
    const [tls, tlsLogin, tlsClient, otherName, outOfDate] = fronts.map((front) => front.address) as [
      string,
      string,
      string,
      string,
      string,
    ];
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const unheard = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const noName = 'no-such-host.invalid:9092';
    address = {
      plain,
      login: loggedIn,
      tls,
      tlsLogin,
      tlsClient,
      elsewhere: otherName,
      expired: outOfDate,
      silent: unheard,
      nobody: '127.0.0.1:1',
      noName,
    };
  });
  afterAll(async () => {
    await stopApplications();
    for (const front of fronts) front.close();
    silent.close();
    await Promise.all(brokers.map((broker) => broker.stop()));
    rmSync(dir, { recursive: true });
  });

  // Who never answers is asked five times, 10 s each.
  const LONG_ENOUGH_MS = 120_000;
  it.concurrent.each(CASES)(
    '%s says so, and what to change',
    async (_, port, settings, text) => {
      expect(await startError(address[port], settings)).toBe(text);
    },
    LONG_ENOUGH_MS,
  );
});
