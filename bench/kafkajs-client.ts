import kafkajs, { type Kafka, type Message } from 'kafkajs';
import { randomUUID } from 'node:crypto';

import { partitionFor } from '../src/kafka/partitioner.js';
import { decision } from './decision-made.js';

export const PARTITIONS = 3;

export function kafkajsClient(bootstrap: string): Kafka {
  return new kafkajs.Kafka({ brokers: bootstrap.split(','), clientId: 'bench', logLevel: kafkajs.logLevel.ERROR });
}

export async function createTopic(client: Kafka, topic: string): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }] });
  await admin.disconnect();
}

export type KeyedMessage = Message & { readonly key: Buffer; readonly partition: number };

/** The event alone, without the headers that make it a CloudEvent. */
export function bareMessageOf(n: number): KeyedMessage {
  const event = decision(n);
  const key = Buffer.from(event.debateId);
  return { key, partition: partitionFor(key, PARTITIONS), value: JSON.stringify(event) };
}

/** The same bytes that Busbar sends for this event, on the same partition. */
export function messageOf(n: number): KeyedMessage {
  const message = bareMessageOf(n);
  message.headers = {
    ce_specversion: '1.0',
    ce_id: randomUUID(),
    ce_type: 'decision_made',
    ce_source: '/bench',
    ce_time: new Date().toISOString(),
    'content-type': 'application/json',
    ce_subject: message.key.toString(),
  };
  return message;
}

/** kafkajs would choose partitions itself, and says a warning about how it does. */
export const chosenPartition =
  () =>
  ({ message }: { message: Message }): number =>
    message.partition!;
