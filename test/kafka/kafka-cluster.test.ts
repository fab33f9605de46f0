import { readFileSync } from 'node:fs';

import type { KafkaConfig } from 'kafkajs';
import { afterEach, expect, it } from 'vitest';

import { KafkaCluster } from '../support/kafka-cluster.js';
import { createTopic, endOffset, kafkajsClient, produce } from '../support/kafkajs-client.js';

let cluster: KafkaCluster | undefined;
afterEach(() => cluster?.stop());

async function connects(bootstrap: string, options: Partial<KafkaConfig>): Promise<boolean> {
  const admin = kafkajsClient(bootstrap, { retry: { retries: 0 }, ...options }).admin();
  try {
    await admin.connect();
    return true;
  } catch {
    return false;
  } finally {
    await admin.disconnect();
  }
}

it('a node that was killed has its log when it is back, and stands still while it is paused', async () => {
  cluster = await KafkaCluster.start({ nodes: 1, proxied: true });
  const client = kafkajsClient(cluster.proxiedBootstrap);
  await createTopic(client, 'topic');
  expect(await produce(client, 'topic', ['a', 'b'])).toBe(0);

  await cluster.killNode(1);
  await expect(endOffset(client, 'topic')).rejects.toThrow(/connect|closed/i);
  await cluster.startNode(1);
  expect(await endOffset(client, 'topic')).toBe(2);

  await cluster.pauseNode(1);
  const late = endOffset(client, 'topic');
  expect(await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 300, 'nothing'))])).toBe('nothing');
  await cluster.resumeNode(1);
  expect(await late).toBe(2);

  cluster.proxies[0]!.refuse();
  await expect(endOffset(client, 'topic')).rejects.toThrow(/connect|closed/i);
  expect(await endOffset(kafkajsClient(cluster.bootstrap), 'topic')).toBe(2);
});

it('a secured cluster lets in who has the password or the certificate, and nobody else', async () => {
  cluster = await KafkaCluster.start({ nodes: 1, secure: true });
  const file = async (name: Parameters<KafkaCluster['certificate']>[0]) => readFileSync(await cluster!.certificate(name), 'utf8');
  const [ca, sasl, mtls] = [[await file('ca.pem')], await cluster.saslBootstrap(), await cluster.mtlsBootstrap()];
  const login = { username: 'alice', password: 'alice-secret' };
  const client = { cert: await file('client.pem'), key: await file('client.key') };
  const other = { cert: await file('other-client.pem'), key: await file('other-client.key') };

  expect(await connects(sasl, { ssl: { ca }, sasl: { mechanism: 'plain', ...login } })).toBe(true);
  expect(await connects(sasl, { ssl: { ca }, sasl: { mechanism: 'scram-sha-512', ...login } })).toBe(true);
  expect(await connects(sasl, { ssl: { ca }, sasl: { mechanism: 'plain', ...login, password: 'guessed' } })).toBe(false);
  expect(await connects(sasl, { ssl: { ca: [await file('other-ca.pem')] }, sasl: { mechanism: 'plain', ...login } })).toBe(false);
  expect(await connects(mtls, { ssl: { ca, ...client } })).toBe(true);
  expect(await connects(mtls, { ssl: { ca, ...other } })).toBe(false);
});
