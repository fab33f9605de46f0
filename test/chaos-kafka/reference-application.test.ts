import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { KafkaCluster } from '../support/kafka-cluster.js';
import { uniquePrefix } from '../support/kafka.js';
import { hasPeps, PEPS } from '../support/peps.js';
import { ReferenceApp } from '../support/reference-app.js';
import { expectExactFigures, handled, HANDLED } from '../support/reference-figures.js';
import { expectToSurvive } from '../support/reference-kills.js';

const KILLS = 20;

describe.skipIf(!hasPeps)('the reference application and the proposals on three nodes of Apache Kafka', () => {
  let kafka: KafkaCluster;
  let dataDir: string;
  beforeAll(async () => void (kafka = await KafkaCluster.start({ nodes: 3, secure: true })));
  afterAll(() => kafka.stop());
  beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'busbar-three-nodes-'))));
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const ownNames = (): Record<string, string> => {
    const prefix = uniquePrefix();
    return { KAFKA_TOPIC_PREFIX: prefix, KAFKA_GROUP_ID: prefix };
  };

  it('have the exact figures over TLS with a password', async () => {
    const env = {
      ...ownNames(),
      KAFKA_BOOTSTRAP_SERVERS: await kafka.saslBootstrap(),
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'admin',
      KAFKA_SASL_PASSWORD: 'admin-secret',
      KAFKA_SSL_CAFILE: await kafka.certificate('ca.pem'),
    };
    const summary = await new ReferenceApp(['--input', PEPS, '--exit', '--json'], { env }).summary();
    expect(summary.input).toEqual({ lines: 2635, published: 2635, rejected: 0 });
    expectExactFigures(summary);
    expect(handled(summary)).toEqual(HANDLED);
  });

  // Each kill costs the session of the killed member: its partitions rest for 10 s.
  it(
    `have them as well when the application is killed ${KILLS} times`,
    () => expectToSurvive(KILLS, dataDir, { ...ownNames(), KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrap }),
    KILLS * 40_000,
  );
});
