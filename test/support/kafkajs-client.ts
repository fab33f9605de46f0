import kafkajs from 'kafkajs';
import type { Admin, Kafka, KafkaConfig } from 'kafkajs';

import { until } from './application.js';

/** A raw kafkajs client, quiet and quick to give up, to look at a broker from outside of Busbar. */
export function kafkajsClient(bootstrap: string, options: Partial<KafkaConfig> = {}): Kafka {
  return new kafkajs.Kafka({
    brokers: bootstrap.split(','),
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 3, initialRetryTime: 20, maxRetryTime: 100 },
    ...options,
  });
}

export async function createTopic(client: Kafka, topic: string, partitions = 1): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  try {
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false });
    await until(() => hasLeaders(admin, topic));
  } finally {
    await admin.disconnect();
  }
}

/** The brokers of a cluster learn of a new topic one after the other. */
async function hasLeaders(admin: Admin, topic: string): Promise<boolean> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]!.partitions.every(({ leader }) => leader >= 0);
  } catch (error) {
    if ((error as { type?: string }).type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
    return false;
  }
}

/** Sends the values to partition 0, in one batch; resolves to the offset of the first. */
export async function produce(client: Kafka, topic: string, values: readonly string[]): Promise<number> {
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    const [ack] = await producer.send({ topic, messages: values.map((value) => ({ partition: 0, value })) });
    return Number(ack?.baseOffset);
  } finally {
    await producer.disconnect();
  }
}

/** Reads as this group until `count` records have come, commits behind them, and leaves. */
export async function consume(client: Kafka, topic: string, groupId: string, count: number): Promise<string[]> {
  const consumer = client.consumer({ groupId, maxWaitTimeInMs: 50 });
  const values: string[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    let done = (): void => undefined;
    const enough = new Promise<void>((resolve) => (done = resolve));
    await consumer.run({
      eachMessage: async ({ message }) => {
        values.push(String(message.value));
        if (values.length === count) done();
      },
    });
    await enough;
  } finally {
    await consumer.disconnect();
  }
  return values;
}

/** The records on the topic, counted by their offsets. */
export async function endOffset(client: Kafka, topic: string): Promise<number> {
  const admin = client.admin();
  await admin.connect();
  try {
    return (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0);
  } finally {
    await admin.disconnect();
  }
}
