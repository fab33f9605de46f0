import type { Setting } from './contender.js';
import { chosenPartition, createTopic, kafkajsClient, messageOf } from './kafkajs-client.js';

const BATCH = 300;

/** Writes the events of a round to the topic that is read. */
export async function prefill({ bootstrap, prefix, events }: Setting): Promise<void> {
  const topic = `${prefix}.decision-events`;
  const client = kafkajsClient(bootstrap);
  await createTopic(client, topic);
  const producer = client.producer({ idempotent: true, createPartitioner: chosenPartition });
  await producer.connect();
  for (let n = 0; n < events; n += BATCH) {
    const messages = Array.from({ length: Math.min(BATCH, events - n) }, (_, i) => messageOf(n + i));
    await producer.send({ topic, messages, acks: -1 });
  }
  await producer.disconnect();
}
