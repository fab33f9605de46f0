import type { Setting } from './contender.js';
import { bareMessageOf, chosenPartition, createTopic, kafkajsClient, messageOf } from './kafkajs-client.js';

const BATCH = 300;
/** Of the records without headers; without its prefix. */
export const BARE_TOPIC = 'bare-events';

/** Writes the events of a round to the topics that are read. */
export async function prefill({ bootstrap, prefix, events }: Setting): Promise<void> {
  const client = kafkajsClient(bootstrap);
  const producer = client.producer({ idempotent: true, createPartitioner: chosenPartition });
  await producer.connect();
  for (const [name, newMessage] of Object.entries({ 'decision-events': messageOf, [BARE_TOPIC]: bareMessageOf })) {
    const topic = `${prefix}.${name}`;
    await createTopic(client, topic);
    for (let n = 0; n < events; n += BATCH) {
      const messages = Array.from({ length: Math.min(BATCH, events - n) }, (_, i) => newMessage(n + i));
      await producer.send({ topic, messages, acks: -1 });
    }
  }
  await producer.disconnect();
}
