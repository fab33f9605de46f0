import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ConfigError } from '../../src/config/finding.js';
import { KafkaConfig, type KafkaSettings } from '../../src/config/kafka-config.js';
import { client, expiredClient, stranger } from '../support/certificates.js';
import type { Secret } from '../../src/config/secret.js';
import { findingsOf, thrownBy } from '../support/config-errors.js';

const CANARY = 'canary-7f3a-never-shown';
const NEEDED = { KAFKA_SERVICE_NAME: 'debates', KAFKA_BOOTSTRAP_SERVERS: 'one:9092, two:9093' };

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'busbar-config-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

describe('connecting securely', () => {
  const secure = { ...NEEDED, KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' };

  it('needs mechanism, user and password', () => {
    expect([...findingsOf(() => KafkaConfig.fromEnv(secure)).keys()]).toEqual([
      'KAFKA_SASL_MECHANISM',
      'KAFKA_SASL_USERNAME',
      'KAFKA_SASL_PASSWORD',
    ]);
  });

  it('gives the driver what it needs, and only when the protocol uses it', () => {
    const login = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'me', KAFKA_SASL_PASSWORD: ` ${CANARY} ` };
    const config = KafkaConfig.fromEnv({ ...secure, ...login });
    expect(config.sasl()).toMatchObject({ mechanism: 'SCRAM-SHA-512', username: 'me' });
    expect((config.sasl() as { password: Secret }).password.reveal()).toBe(` ${CANARY} `);
    expect(config.tls()).toEqual({ ca: undefined, cert: undefined, key: undefined });
    expect(KafkaConfig.fromEnv(NEEDED).tls()).toBeUndefined();
    expect(KafkaConfig.fromEnv({ ...NEEDED, ...login }).sasl()).toBeUndefined();
  });

  it('needs somebody who gets tokens instead of user and password with OAUTHBEARER, and only code can give one', () => {
    const oauth = { ...secure, KAFKA_SASL_MECHANISM: 'oauthbearer' };
    const missing = thrownBy(() => KafkaConfig.fromEnv(oauth)) as ConfigError;
    expect(missing.findings).toMatchObject([
      { name: 'oauthBearerProvider', fix: expect.stringContaining('KafkaConfig.fromEnv(process.env, {') as string },
    ]);
    const oauthBearerProvider = () => ({ value: CANARY });
    const config = KafkaConfig.fromEnv(oauth, { oauthBearerProvider });
    expect(config.sasl()).toEqual({ mechanism: 'OAUTHBEARER', provider: oauthBearerProvider });
    expect([...findingsOf(() => KafkaConfig.fromEnv(oauth, { oauthBearerProvider: CANARY as never })).keys()]).toEqual([
      'oauthBearerProvider in code',
    ]);
    const unused = KafkaConfig.fromEnv({ ...oauth, KAFKA_SASL_PASSWORD: CANARY }, { oauthBearerProvider });
    expect(unused.warnings).toEqual(['KAFKA_SASL_PASSWORD has no effect with KAFKA_SASL_MECHANISM=OAUTHBEARER']);
  });

  it('reads certificate and key files and reports those that are missing or something else', () => {
    const key = file(
      'client.key',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    );
    const noKey = file('no.key', `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----\n`);
    const env = { ...NEEDED, KAFKA_SECURITY_PROTOCOL: 'SSL' };
    const wrong = thrownBy(() =>
      KafkaConfig.fromEnv({ ...env, KAFKA_SSL_CAFILE: join(dir, 'nowhere.pem'), KAFKA_SSL_CERTFILE: key, KAFKA_SSL_KEYFILE: noKey }),
    );
    expect(wrong.message).toContain('cannot be read (ENOENT)');
    expect((wrong as ConfigError).findings.map(({ name }) => name).sort()).toEqual([
      'KAFKA_SSL_CAFILE',
      'KAFKA_SSL_CERTFILE',
      'KAFKA_SSL_KEYFILE',
    ]);
    expect(inspect(wrong, { depth: 9 })).not.toContain(CANARY);
    expect([...findingsOf(() => KafkaConfig.fromEnv({ ...env, KAFKA_SSL_KEYFILE: key })).keys()]).toEqual(['KAFKA_SSL_CERTFILE']);
  });

  it('wants the key of the certificate, and warns of a certificate that brokers will refuse', () => {
    const files = ({ cert, key }: typeof client): Record<string, string> => ({
      KAFKA_SSL_CERTFILE: file('of-a-client.pem', cert),
      KAFKA_SSL_KEYFILE: file('of-a-client.key', key),
    });
    const env = { ...NEEDED, KAFKA_SECURITY_PROTOCOL: 'SSL' };
    expect(KafkaConfig.fromEnv({ ...env, ...files(client) }).warnings).toEqual([]);
    expect(KafkaConfig.fromEnv({ ...env, ...files(expiredClient) }).warnings).toEqual([
      'KAFKA_SSL_CERTFILE was valid until Jan  2 00:00:00 2020 GMT: brokers refuse that certificate',
    ]);
    const mixed = files({ cert: client.cert, key: stranger.key });
    expect(findingsOf(() => KafkaConfig.fromEnv({ ...env, ...mixed })).get('KAFKA_SSL_KEYFILE')).toBe(
      `"${mixed['KAFKA_SSL_KEYFILE']}" | the private key of the certificate of the client | name the two files that were made together`,
    );
  });

  it('is not for the embedded broker', () => {
    expect([
      ...findingsOf(() => KafkaConfig.fromEnv({ ...NEEDED, KAFKA_BOOTSTRAP_SERVERS: 'embedded', KAFKA_SECURITY_PROTOCOL: 'SSL' })).keys(),
    ]).toEqual(['KAFKA_SECURITY_PROTOCOL']);
  });
});

describe('a secret', () => {
  const printed = (value: unknown): string =>
    [String(value), inspect(value, { depth: 9, showHidden: true }), JSON.stringify(value), `${(value as Error).stack}`].join('\n');

  it('is in no print of the configuration', () => {
    const config = KafkaConfig.fromEnv({
      ...NEEDED,
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SASL_MECHANISM: 'PLAIN',
      KAFKA_SASL_USERNAME: 'me',
      KAFKA_SASL_PASSWORD: CANARY,
    });
    expect(printed(config)).not.toContain(CANARY);
    expect(printed({ ...config })).not.toContain(CANARY);
    expect(printed(config.sasl())).not.toContain(CANARY);
    expect(printed(config)).toContain('debates');
  });

  it.each([
    ['a password with the wrong type', { saslPassword: { nested: CANARY } as never }],
    ['a password under a misspelt name', { saslPasword: CANARY } as never],
    ['credentials in the server list', { bootstrapServers: `me:${CANARY}@one:9092` }],
    ['credentials in the address of a registry', { schemaRegistryUrl: `http://me:${CANARY}@registry` as never }],
  ])('is in no error: %s', (_, wrong) => {
    const error = thrownBy(() => KafkaConfig.from({ serviceName: 'debates', bootstrapServers: 'one:9092', ...(wrong as KafkaSettings) }));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(printed(error)).not.toContain(CANARY);
  });

  it('is in no warning about a misspelt variable', () => {
    const { warnings } = KafkaConfig.fromEnv({ ...NEEDED, KAFKA_SASL_PASWORD: CANARY });
    expect(warnings).toEqual(['KAFKA_SASL_PASWORD is not a setting and has no effect; did you mean KAFKA_SASL_PASSWORD?']);
  });
});
