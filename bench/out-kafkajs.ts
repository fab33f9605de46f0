import type { Message, Producer } from 'kafkajs';

import { startClocks, type Contender, type Setting } from './contender.js';
import { bareMessageOf, chosenPartition, createTopic, kafkajsClient, type KeyedMessage, messageOf, PARTITIONS } from './kafkajs-client.js';

const OUTSTANDING = 1_000;
const BATCH = 100;
const SINGLE_SENDS = 100;
/** Single sends take so much longer that a round of them has fewer events. */
const FEWER = 4;

/** One idempotent producer, one request under way per partition, 100 messages in each, 1,000 messages waiting or under way. */
export async function outKafkajsBatches(setting: Setting): Promise<Contender> {
  return inBatches(setting, await startProducer(setting, 'out-kafkajs-batches', true), messageOf);
}

/** The same without headers, and not idempotent: what kafkajs can do at most. */
export async function outKafkajsBare(setting: Setting): Promise<Contender> {
  return inBatches(setting, await startProducer(setting, 'out-kafkajs-bare', false), bareMessageOf);
}

type Started = Awaited<ReturnType<typeof startProducer>>;

function inBatches(setting: Setting, { producer, topic, contender }: Started, newMessage: (n: number) => KeyedMessage): Contender {
  let next = 0;
  return contender(setting.events, async () => {
    const end = next + setting.events;
    const waiting = Array.from({ length: PARTITIONS }, (): Message[] => []);
    let outstanding = 0;
    const fill = (): void => {
      for (; next < end && outstanding < OUTSTANDING; outstanding++) {
        const message = newMessage(next++);
        waiting[message.partition]!.push(message);
      }
    };
    const sendAll = async (mine: Message[]): Promise<void> => {
      for (fill(); mine.length > 0; fill()) {
        const messages = mine.splice(0, BATCH);
        await producer.send({ topic, messages, acks: -1 });
        outstanding -= messages.length;
      }
    };
    fill();
    await Promise.all(waiting.map(sendAll));
  });
}

/** One message per request, 100 requests under way, not idempotent: what calling `send` for each event comes to. */
export async function outKafkajsSingles(setting: Setting): Promise<Contender> {
  const { producer, topic, contender } = await startProducer(setting, 'out-kafkajs-singles', false);
  const events = Math.ceil(setting.events / FEWER);
  let next = 0;
  return contender(events, async () => {
    const end = next + events;
    const sendInTurn = async (): Promise<void> => {
      while (next < end) await producer.send({ topic, messages: [messageOf(next++)], acks: -1 });
    };
    await Promise.all(Array.from({ length: SINGLE_SENDS }, sendInTurn));
  });
}

async function startProducer({ bootstrap, prefix }: Setting, name: string, idempotent: boolean) {
  const client = kafkajsClient(bootstrap);
  const topic = `${prefix}.${name}`;
  await createTopic(client, topic);
  const producer: Producer = client.producer({ idempotent, createPartitioner: chosenPartition });
  await producer.connect();
  const contender = (events: number, send: () => Promise<void>): Contender => ({
    async round() {
      const stop = startClocks();
      await send();
      return stop(events);
    },
    close: () => producer.disconnect(),
  });
  return { producer, topic, contender };
}
