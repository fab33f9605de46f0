import { setImmediate as turn } from 'node:timers/promises';

import type { Kafka, RecordMetadata } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { newClient } from '../../src/kafka/kafkajs/client.js';
import { settingsOf } from '../../src/kafka/kafkajs/options.js';
import type { BrokerPool } from '../../src/kafka/kafkajs/wire/broker-numbers.js';
import { Notices } from '../../src/telemetry/notices.js';
import { uniquePrefix } from '../support/kafka.js';
import { createTopic, kafkajsClient } from '../support/kafkajs-client.js';

interface Address {
  readonly host: string;
  readonly port: number;
}
interface Pool extends BrokerPool {
  readonly seedBroker: { readonly nodeId: number; readonly connectionPool: Address };
  removeBroker(address: Address): void;
}
type NewCluster = (options: unknown) => { readonly brokerPool: Pool };

const running = startEmbeddedKafka({ nodes: 2 });
const topic = uniquePrefix();
beforeAll(async () => {
  const kafka = await running;
  await createTopic(kafkajsClient(kafka.bootstrap), topic, 2);
  for (const partition of [0, 1]) await kafka.moveLeader(topic, partition, partition);
});
afterAll(async () => (await running).stop());

/** The next cluster that a client makes. */
function poolOf(client: Kafka): Promise<Pool> {
  const inside = client as unknown as Record<symbol, NewCluster>;
  const key = Object.getOwnPropertySymbols(client).find(({ description }) => description === 'private:Kafka:createCluster')!;
  const newCluster = inside[key]!;
  return new Promise((resolve) => {
    inside[key] = (options) => {
      const cluster = newCluster(options);
      resolve(cluster.brokerPool);
      return cluster;
    };
  });
}

/** Writes to both partitions after the connection to the broker that was asked first was lost while another one told of all brokers. */
async function sendAfterLosingOne(client: Kafka): Promise<RecordMetadata[]> {
  const kafka = await running;
  const made = poolOf(client);
  const producer = client.producer({
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition!,
  });
  const pool = await made;
  await producer.connect();
  await producer.send({ topic, messages: [0, 1].map((partition) => ({ partition, value: 'before' })) });

  const delayed = await kafka.delay({ apis: ['Metadata'], ms: 100, count: 1 });
  const telling = pool.refreshMetadata([topic]);
  // It has asked by then, and waits for the answer.
  await turn();
  const lost = pool.seedBroker.nodeId;
  pool.removeBroker(pool.seedBroker.connectionPool);
  await telling;
  await delayed.remove();

  const other = 1 - lost;
  const acknowledged = await producer.send({ topic, messages: [{ partition: other, value: 'after' }] });
  await producer.disconnect();
  return acknowledged;
}

it('kafkajs alone takes one broker for another, sends nothing, and calls it sent', async () => {
  expect(await sendAfterLosingOne(kafkajsClient((await running).bootstrap))).toEqual([]);
});

it('a client of ours gives every broker its own number again, and sends', async () => {
  const client = newClient(settingsOf({ brokers: (await running).bootstrap.split(','), clientId: 'numbers' }), new Notices());
  expect(await sendAfterLosingOne(client)).toMatchObject([{ topicName: topic, errorCode: 0 }]);
});
