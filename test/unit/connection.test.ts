import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { KafkaConfig, type KafkaSettings } from '../../src/config/kafka-config.js';
import { driverOptions, outboundLimits } from '../../src/service/connection.js';

const dir = mkdtempSync(join(tmpdir(), 'busbar-connection-'));
afterAll(() => rmSync(dir, { recursive: true }));

const config = (settings: KafkaSettings = {}): KafkaConfig =>
  KafkaConfig.from({ serviceName: 'shop', bootstrapServers: 'one:9092', ...settings });
const options = (settings?: KafkaSettings) => driverOptions(config(settings), ['one:9092']);

describe('the driver is told', () => {
  it('nothing of security, and to wait for all copies, when nothing is said', () => {
    expect(options()).toMatchObject({
      brokers: ['one:9092'],
      clientId: 'shop',
      ssl: undefined,
      sasl: undefined,
      acks: -1,
      compression: 'none',
    });
  });

  it('how to log in', () => {
    const login = { saslMechanism: 'SCRAM-SHA-512', saslUsername: 'me', saslPassword: 'secret' } as const;
    expect(options({ securityProtocol: 'SASL_PLAINTEXT', ...login })).toMatchObject({
      ssl: undefined,
      sasl: { mechanism: 'scram-sha-512', username: 'me', password: 'secret' },
    });
    expect(options({ securityProtocol: 'SASL_SSL', ...login }).ssl).toBeDefined();
  });

  it('the certificates, by content', () => {
    const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const key = join(dir, 'client.key');
    writeFileSync(key, pem);
    // A key is no certificate: what is configured together is refused together.
    expect(() => options({ securityProtocol: 'SSL', sslKeyfile: key, sslCertfile: key })).toThrow('sslCertfile');
    expect(options({ securityProtocol: 'SSL' }).ssl).toEqual({ ca: undefined, cert: undefined, key: undefined });
  });

  it('what to acknowledge and how to fetch and compress', () => {
    const told = options({ acks: '1', compressionType: 'gzip', fetchMinBytes: 5, fetchMaxWaitMs: 6, clientId: 'other' });
    expect(told).toMatchObject({ acks: 1, compression: 'gzip', fetchMinBytes: 5, fetchMaxWaitMs: 6, clientId: 'other' });
    expect(options({ acks: '0' }).acks).toBe(0);
  });
});

it('the publisher is told how much may wait and go together', () => {
  expect(outboundLimits(config({ batchSize: 1_000, bufferMemory: 70_000, lingerMs: 3 }))).toEqual({
    batchBytes: 1_000,
    bufferBytes: 70_000,
    lingerMs: 3,
  });
});
