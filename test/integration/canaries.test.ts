import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { startEmbeddedKafka, type EmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { expectNowhere, lookedAt } from '../support/canaries.js';
import { authority, client, server } from '../support/certificates.js';
import { uniquePrefix } from '../support/kafka.js';
import { tlsFront, type TlsFront } from '../support/tls-front.js';

const PASSWORD = 'canary-7f3a-never-shown';
/** From the middle of the private key. */
const KEY = client.key.split('\n')[2]!;

const dir = mkdtempSync(join(tmpdir(), 'busbar-canaries-'));
let brokers: readonly EmbeddedKafka[] = [];
let tls: TlsFront;

beforeAll(async () => {
  const users = (password: string) => [
    { mechanism: 'PLAIN' as const, username: 'ada', password },
    { mechanism: 'SCRAM-SHA-256' as const, username: 'ada', password },
  ];
  brokers = await Promise.all([startEmbeddedKafka({ users: users(PASSWORD) }), startEmbeddedKafka({ users: users('another') })]);
  tls = await tlsFront(brokers[1]!.bootstrap, { ...server, ca: authority, requestCert: true, rejectUnauthorized: true });
});
afterAll(async () => {
  tls.close();
  await Promise.all(brokers.map((broker) => broker.stop()));
  rmSync(dir, { recursive: true });
});

function file(name: string, content: string): string {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
}

it('a password and a private key are nowhere to be found, whatever fails and wherever one looks', async () => {
  const [right, other] = brokers.map(({ bootstrap }) => bootstrap);
  const certificate = `sslCafile: ${file('ca.pem', authority)}\nsslCertfile: ${file('client.pem', client.cert)}\nsslKeyfile: ${file('client.key', client.key)}\n`;
  const login = (mechanism: string): string => `saslMechanism: ${mechanism}\nsaslUsername: ada\nsaslPassword: '${PASSWORD}'\n`;
  const configs: Readonly<Record<string, string>> = {
    right: `bootstrapServers: ${right}\nsecurityProtocol: SASL_PLAINTEXT\n${login('SCRAM-SHA-256')}`,
    'wrong-plain': `bootstrapServers: ${other}\nsecurityProtocol: SASL_PLAINTEXT\n${login('PLAIN')}`,
    'wrong-scram': `bootstrapServers: ${other}\nsecurityProtocol: SASL_PLAINTEXT\n${login('SCRAM-SHA-256')}`,
    'wrong-over-tls': `bootstrapServers: ${tls.address}\nsecurityProtocol: SASL_SSL\n${login('PLAIN')}${certificate}`,
    'login-missing': `bootstrapServers: ${tls.address}\nsecurityProtocol: SSL\n${certificate}${login('PLAIN')}`,
    'no-tls': `bootstrapServers: ${other}\nsecurityProtocol: SASL_SSL\n${login('PLAIN')}${certificate}`,
    nobody: `bootstrapServers: 127.0.0.1:1\nsecurityProtocol: SASL_SSL\n${login('PLAIN')}${certificate}`,
  };
  const common = `serviceName: shop\ntopicPrefix: ${uniquePrefix()}\nfetchMaxWaitMs: 50\ndebug: true\ntopics:\n  orders: {}\n`;
  const files = Object.entries(configs).map(([name, text]) => file(`${name}.yaml`, text + common));
  const { stdout, stderr } = await lookedAt(files);

  expect(stdout).toContain('the broker refused the login with PLAIN');
  expect(stdout).toContain('javascriptHeap');
  expect(stderr).toContain('busbar info CLIENT_LOG');
  expectNowhere([PASSWORD, KEY], stdout + stderr);
});
