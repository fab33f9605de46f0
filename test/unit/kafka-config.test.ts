import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { KafkaConfig, type KafkaSettings } from '../../src/config/kafka-config.js';
import { settings } from '../../src/config/setting.js';
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

describe('a configuration from the environment', () => {
  it('needs nothing but a service name and servers, and has the defaults that lose nothing', () => {
    const config = KafkaConfig.fromEnv(NEEDED);
    expect(config).toMatchObject({
      serviceName: 'debates',
      bootstrapServers: ['one:9092', 'two:9093'],
      embedded: undefined,
      groupId: 'debates',
      clientId: 'debates',
      autoOffsetReset: 'earliest',
      acks: 'all',
      deliveryTimeoutMs: 120_000,
      numPartitions: 3,
      replicationFactor: undefined,
      minInsyncReplicas: undefined,
      createTopics: true,
      topicPrefix: undefined,
      warnings: [],
    });
  });

  it('accepts every pinned name', () => {
    const pinned = `SERVICE_NAME BOOTSTRAP_SERVERS SECURITY_PROTOCOL SASL_MECHANISM SASL_USERNAME SASL_PASSWORD SSL_CAFILE SSL_CERTFILE
      SSL_KEYFILE TOPIC_PREFIX NUM_PARTITIONS REPLICATION_FACTOR MIN_INSYNC_REPLICAS GROUP_ID AUTO_OFFSET_RESET ENABLE_AUTO_COMMIT
      MAX_POLL_RECORDS FETCH_MIN_BYTES FETCH_MAX_WAIT_MS ACKS RETRIES BATCH_SIZE LINGER_MS BUFFER_MEMORY DELIVERY_TIMEOUT_MS
      COMPRESSION_TYPE CREATE_TOPICS ENABLED SCHEMA_REGISTRY_URL CLIENT_ID DEBUG`.split(/\s+/);
    const known = [...settings().values()].flatMap(({ variable }) => variable ?? []);
    expect(known.sort()).toEqual(pinned.map((name) => `KAFKA_${name}`).sort());
  });

  it('reads numbers, flags and choices from text, in any case, and takes an empty variable as not set', () => {
    const config = KafkaConfig.fromEnv({
      ...NEEDED,
      KAFKA_NUM_PARTITIONS: ' 6 ',
      KAFKA_CREATE_TOPICS: 'FALSE',
      KAFKA_DEBUG: '1',
      KAFKA_COMPRESSION_TYPE: 'GZIP',
      KAFKA_ACKS: '-1',
      KAFKA_GROUP_ID: '',
      KAFKA_ENABLED: 'true',
    });
    expect(config).toMatchObject({
      numPartitions: 6,
      createTopics: false,
      debug: true,
      compressionType: 'gzip',
      acks: 'all',
      groupId: 'debates',
    });
  });

  it('is refused with CONFIG_BOOTSTRAP_MISSING when nobody said where Kafka is, and says what else is wrong', () => {
    const error = thrownBy(() => KafkaConfig.fromEnv({}));
    expect(error.code).toBe('CONFIG_BOOTSTRAP_MISSING');
    expect(error.message).toContain('KAFKA_BOOTSTRAP_SERVERS is not set');
    expect(error.message).toContain('KAFKA_BOOTSTRAP_SERVERS=embedded');
    expect(error.message).toContain('KAFKA_SERVICE_NAME is not set');
  });

  it('needs no servers without Kafka, and says what that means', () => {
    const config = KafkaConfig.fromEnv({ KAFKA_SERVICE_NAME: 'debates', KAFKA_ENABLED: 'false' });
    expect(config).toMatchObject({ enabled: false, bootstrapServers: [], embedded: undefined });
    expect(config.warnings.join()).toContain('KAFKA_ENABLED is false: events stay in the memory of this process');

    const withServers = KafkaConfig.fromEnv({ ...NEEDED, KAFKA_BOOTSTRAP_SERVERS: 'embedded', KAFKA_ENABLED: 'false' });
    expect(withServers.embedded).toBeUndefined();
    expect(withServers.warnings.join()).toContain('KAFKA_BOOTSTRAP_SERVERS has no effect with KAFKA_ENABLED=false');
    expect(thrownBy(() => KafkaConfig.fromEnv({ KAFKA_ENABLED: 'false' })).code).toBe('CONFIG_INVALID');
  });

  it('says with the refusal which name looks mistyped, since it may be why another is missing', () => {
    const error = thrownBy(() => KafkaConfig.fromEnv({ KAFKA_SERVICE_NAME: 'debates', KAFKA_BOOTSTRAP_SERVER: 'one:9092' }));
    expect(error.message).toContain(
      '\n  - KAFKA_BOOTSTRAP_SERVER is not a setting and has no effect; did you mean KAFKA_BOOTSTRAP_SERVERS?',
    );
  });

  it('recognises the embedded broker, with and without a directory', () => {
    const embedded = (servers: string) => KafkaConfig.fromEnv({ ...NEEDED, KAFKA_BOOTSTRAP_SERVERS: servers }).embedded;
    expect(embedded('embedded')).toEqual({ dir: undefined });
    expect(embedded('embedded:./data, with a comma')).toEqual({ dir: './data, with a comma' });
    expect([...findingsOf(() => embedded('one:9092,embedded')).keys()]).toEqual(['KAFKA_BOOTSTRAP_SERVERS']);
    expect([...findingsOf(() => embedded('PLAINTEXT://one:9092')).keys()]).toEqual(['KAFKA_BOOTSTRAP_SERVERS']);
    expect([...findingsOf(() => embedded('one')).keys()]).toEqual(['KAFKA_BOOTSTRAP_SERVERS']);
    expect([...findingsOf(() => embedded('one:65536')).keys()]).toEqual(['KAFKA_BOOTSTRAP_SERVERS']);
    expect(embedded('[::1]:65535')).toBeUndefined();
  });

  it('reports every wrong value together, with name, value, what is allowed and the fix', () => {
    const findings = findingsOf(() =>
      KafkaConfig.fromEnv({
        ...NEEDED,
        KAFKA_SERVICE_NAME: 'two words',
        KAFKA_NUM_PARTITIONS: '16k',
        KAFKA_DELIVERY_TIMEOUT_MS: '-5',
        KAFKA_AUTO_OFFSET_RESET: 'none',
        KAFKA_CREATE_TOPICS: 'perhaps',
        KAFKA_REPLICATION_FACTOR: '2',
        KAFKA_MIN_INSYNC_REPLICAS: '3',
      }),
    );
    expect(findings).toEqual(
      new Map([
        [
          'KAFKA_SERVICE_NAME',
          '"two words" | 1 to 100 letters, digits, `.`, `_` and `-` | name the application, e.g. KAFKA_SERVICE_NAME=debates',
        ],
        ['KAFKA_NUM_PARTITIONS', '"16k" | an integer from 1 to 10000 | correct it, or remove it for the default (3)'],
        ['KAFKA_DELIVERY_TIMEOUT_MS', '"-5" | an integer from 100 to 2147483647 | correct it, or remove it for the default (120000)'],
        ['KAFKA_AUTO_OFFSET_RESET', '"none" | `earliest`, `latest` | correct it, or remove it for the default (earliest)'],
        ['KAFKA_CREATE_TOPICS', '"perhaps" | `true` or `false` (also `1` or `0`) | correct it, or remove it for the default (true)'],
        ['KAFKA_MIN_INSYNC_REPLICAS', '"3" | at most the replication factor, 2 | no record could ever be acknowledged: choose 1'],
      ]),
    );
  });

  it.each([
    ['KAFKA_SCHEMA_REGISTRY_URL', 'http://registry:8081', 'this version has no schema registry'],
    ['KAFKA_SASL_MECHANISM', 'GSSAPI', 'this version has no GSSAPI'],
    ['KAFKA_COMPRESSION_TYPE', 'brotli', '`none`, `gzip`, `snappy`, `lz4`, `zstd`'],
  ])('refuses %s=%s instead of ignoring it', (variable, value, text) => {
    expect(findingsOf(() => KafkaConfig.fromEnv({ ...NEEDED, [variable]: value })).get(variable)).toContain(text);
  });

  it.each([
    ['KAFKA_ENABLE_AUTO_COMMIT', 'true', 'KAFKA_ENABLE_AUTO_COMMIT has no effect'],
    ['KAFKA_RETRIES', '5', 'KAFKA_RETRIES has no effect'],
    ['KAFKA_ACKS', '1', 'KAFKA_ACKS is 1: an event that counts as safe may be lost'],
    ['KAFKA_SASL_USERNAME', 'me', 'KAFKA_SASL_USERNAME has no effect with KAFKA_SECURITY_PROTOCOL=PLAINTEXT'],
    ['KAFKA_BOOTSTRAP_SERVER', 'x:1', 'KAFKA_BOOTSTRAP_SERVER is not a setting and has no effect; did you mean KAFKA_BOOTSTRAP_SERVERS?'],
    ['KAFKA_ACK', 'all', 'did you mean KAFKA_ACKS?'],
    ['kafka_group_id', 'x', 'did you mean KAFKA_GROUP_ID?'],
  ])('accepts %s=%s with a warning', (variable, value, text) => {
    const { warnings } = KafkaConfig.fromEnv({ ...NEEDED, [variable]: value });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(text);
  });

  it.each(['.', '..', 'a b', 'x'.repeat(201)])('refuses a prefix that Kafka would refuse: %j', (prefix) => {
    expect([...findingsOf(() => KafkaConfig.fromEnv({ ...NEEDED, KAFKA_TOPIC_PREFIX: prefix })).keys()]).toEqual(['KAFKA_TOPIC_PREFIX']);
  });

  it.each([undefined, null, [], 'serviceName'])('wants an object in code, not %j', (given) => {
    expect(findingsOf(() => KafkaConfig.from(given as never)).get('the settings in code')).toBe(
      "undefined | an object of settings | give an object, e.g. { serviceName: 'debates', bootstrapServers: 'host:9092' }",
    );
  });

  it('does not mind the KAFKA_ variables of others', () => {
    const env = {
      ...NEEDED,
      KAFKA_HOME: '/opt/kafka',
      KAFKA_OPTS: '-Xmx1g',
      KAFKA_HEAP_OPTS: 'x',
      KAFKA_PORT: '1',
      KAFKA_LISTENERS: 'x',
      KAFKA_BROKER_ID: '1',
      KAFKA_ENABLE_AUTO_COMMIT: 'false',
    };
    expect(KafkaConfig.fromEnv(env).warnings).toEqual([]);
  });
});

describe('a configuration file', () => {
  it('holds the same settings, below the environment, which is below code', () => {
    const path = file(
      'layers.yaml',
      'serviceName: from-file\nbootstrapServers: [one:9092, two:9092]\nnumPartitions: 4\nlinger_ms: 7\nKAFKA_BATCH_SIZE: 1000\nacks: 1\ndebug: true\ngroupId:\n',
    );
    const config = KafkaConfig.fromFile(path, { KAFKA_NUM_PARTITIONS: '5', KAFKA_LINGER_MS: '8' }, { lingerMs: 9 });
    expect(config).toMatchObject({
      serviceName: 'from-file',
      bootstrapServers: ['one:9092', 'two:9092'],
      numPartitions: 5,
      lingerMs: 9,
      batchSize: 1000,
      acks: '1',
      debug: true,
      groupId: 'from-file',
    });
  });

  it('names itself in what is wrong with it, and knows no settings but ours', () => {
    const path = file(
      'wrong.yaml',
      'serviceName: debates\nbootstrapServers: one:9092\nnumPartitions: three\nnumPartitons: 3\nlingerMs: 1\nlinger_ms: 2\nsaslPassword: 12345\n',
    );
    const findings = findingsOf(() => KafkaConfig.fromFile(path, {}));
    expect([...findings.keys()].sort()).toEqual(
      [
        `lingerMs in ${path} (KAFKA_LINGER_MS)`,
        `numPartitions in ${path} (KAFKA_NUM_PARTITIONS)`,
        `numPartitons in ${path}`,
        `saslPassword in ${path} (KAFKA_SASL_PASSWORD)`,
      ].sort(),
    );
    expect(findings.get(`numPartitons in ${path}`)).toContain('did you mean numPartitions?');
    expect(findings.get(`saslPassword in ${path} (KAFKA_SASL_PASSWORD)`)).toContain('******');
  });

  it.each([
    ['is not there', () => join(dir, 'nowhere.yaml'), 'cannot be read: there is no such file'],
    ['is a directory', () => dir, 'cannot be read: it is a directory'],
    [
      'is indented by tabs',
      () => file('tabs.yaml', 'topics:\n\torders: {}\n'),
      'a tab indents, where only spaces may, in line 2, column 1',
    ],
    ['says something twice', () => file('twice.yaml', 'acks: all\nacks: 1\n'), 'a name that was there before in line 2, column 1'],
    ['is not YAML', () => file('broken.yaml', `a: 1\nsaslPassword: ${CANARY}: b\n`), 'is not YAML: '],
    ['is a list', () => file('list.yaml', '- a\n'), 'has to hold settings'],
    ['refers to an anchor that is not there', () => file('alias.yaml', 'a: *b\n'), 'YAML'],
  ])('is refused with CONFIG_FILE when it %s', (_, path, text) => {
    const error = thrownBy(() => KafkaConfig.fromFile(path(), NEEDED));
    expect(error.code).toBe('CONFIG_FILE');
    expect(error.message).toContain(text);
    expect(inspect(error, { depth: 9 })).not.toContain(CANARY);
  });

  it('is allowed to be empty', () => {
    expect(KafkaConfig.fromFile(file('empty.yaml', '# nothing yet\n'), NEEDED).serviceName).toBe('debates');
  });
});

describe('topics', () => {
  const base: KafkaSettings = { serviceName: 'debates', bootstrapServers: 'one:9092' };
  const DAY_MS = 86_400_000;

  it('are the five defaults, with the configured number of partitions', () => {
    expect(KafkaConfig.from({ ...base, numPartitions: 2 }).topics).toEqual({
      'debate-events': { partitions: 2, retentionMs: 7 * DAY_MS },
      'decision-events': { partitions: 2, retentionMs: 30 * DAY_MS },
      'evolution-events': { partitions: 2, retentionMs: 90 * DAY_MS },
      'webhook-events': { partitions: 2, retentionMs: 7 * DAY_MS },
      'metrics-events': { partitions: 2, retentionMs: 7 * DAY_MS },
    });
  });

  it('are added and overridden by the file and then by code', () => {
    const path = file('topics.yaml', 'topics:\n  orders: { partitions: 12 }\n  debate-events: { retentionMs: -1 }\n  plain:\n');
    const config = KafkaConfig.fromFile(path, NEEDED, { topics: { orders: { retentionMs: 1000 }, constructor: {} } });
    expect(config.topics['orders']).toEqual({ partitions: 12, retentionMs: 1000 });
    expect(config.topics['debate-events']).toEqual({ partitions: 3, retentionMs: -1 });
    expect(config.topics['plain']).toEqual({ partitions: 3, retentionMs: 7 * DAY_MS });
    expect(config.topics['constructor']).toEqual({ partitions: 3, retentionMs: 7 * DAY_MS });
    expect(KafkaConfig.from(base).topics['constructor']).toBeUndefined();
  });

  it('are checked like everything else', () => {
    const path = file(
      'wrong-topics.yaml',
      'topics:\n  orders: { partitions: 0, retention: 7d }\n  "a b": {}\n  x.dead-letter: {}\n  y: 3\n',
    );
    const where = (what: string) => `topics.${what} in ${path}`;
    const findings = findingsOf(() => KafkaConfig.fromFile(path, NEEDED));
    expect([...findings.keys()]).toEqual(['orders.retention', 'orders.partitions', 'a b', 'x.dead-letter', 'y'].map(where));
    expect([...findingsOf(() => KafkaConfig.from({ ...base, topics: [] as never })).keys()]).toEqual(['topics in code']);
  });
});

it('a configuration cannot be changed', () => {
  const config = KafkaConfig.fromEnv(NEEDED) as unknown as {
    serviceName: string;
    bootstrapServers: string[];
    topics: Record<string, { partitions: number }>;
  };
  expect(() => (config.serviceName = 'x')).toThrow(TypeError);
  expect(() => config.bootstrapServers.push('x:1')).toThrow(TypeError);
  expect(() => (config.topics['x'] = { partitions: 1 })).toThrow(TypeError);
  expect(() => (config.topics['debate-events']!.partitions = 1)).toThrow(TypeError);
});
