import type { KafkaClient } from '../../src/service/client/kafka-client.js';
import type { MessageConsumer } from '../../src/service/client/message-consumer.js';
import type { Message } from '../../src/service/client/message.js';
import type { KafkaSettings } from '../../src/config/kafka-config.js';
import type { KafkaModuleOptions } from '../../src/service/kafka-module.js';
import { until } from './application.js';
import { uniquePrefix } from './kafka.js';
import { application } from './shop-application.js';

/** A running service without processors and listeners, and its client. */
export async function startedClient(settings: KafkaSettings = {}, more: Partial<KafkaModuleOptions> = {}) {
  const parts = await application(settings, { processors: [], listeners: [], ...more });
  await parts.service.start();
  return { ...parts, client: parts.service.client };
}

/** Everything on a topic, read by a group of its own. */
export async function everythingOn(client: KafkaClient, topic: string): Promise<Message[]> {
  const expected = (await client.offsets(topic)).reduce((sum, { beginning, end }) => sum + end - beginning, 0);
  const read: Message[] = [];
  const consumer = await client.consume({ group: uniquePrefix(), topics: [topic], from: 'earliest', onError: [] }, (message) => {
    read.push(message);
  });
  await until(() => read.length >= expected);
  await consumer.stop();
  return read.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** The counts of a consumer; throws when they do not add up. */
export function books(consumer: MessageConsumer) {
  const { delivered, ...others } = consumer.counts;
  const sum = Object.values(others).reduce((total, count) => total + count, 0);
  if (delivered !== sum) throw new Error(`delivered ${delivered} is not the sum ${sum} of ${JSON.stringify(others)}`);
  return consumer.counts;
}
