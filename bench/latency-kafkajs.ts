import kafkajs from 'kafkajs';

import type { Contender, Setting } from './contender.js';
import type { DecisionMade } from './decision-made.js';
import { createTopic, kafkajsClient, messageOf } from './kafkajs-client.js';
import { Latencies } from './latencies.js';

/** One `send` for each event to `eachMessage`, with the defaults of kafkajs. */
export async function latencyKafkajs({ bootstrap, prefix, seconds }: Setting): Promise<Contender> {
  const latencies = new Latencies();
  const client = kafkajsClient(bootstrap);
  const topic = `${prefix}.latency-kafkajs`;
  await createTopic(client, topic);
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const consumer = client.consumer({ groupId: `${prefix}.latency-kafkajs` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  await consumer.run({
    eachMessage: ({ message }) => {
      const { votes } = JSON.parse(message.value!.toString()) as DecisionMade;
      latencies.heard(votes);
      return Promise.resolve();
    },
  });
  await joined;
  return {
    round: () =>
      latencies.round(seconds / 3, (n) => {
        const { key, value, headers } = messageOf(n);
        return producer.send({ topic, messages: [{ key, value, headers: headers! }] });
      }),
    async close() {
      await consumer.disconnect();
      await producer.disconnect();
    },
  };
}
