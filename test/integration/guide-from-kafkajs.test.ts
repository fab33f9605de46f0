import { IsInt, IsString } from 'class-validator';
import { Container, injectable } from 'inversify';
import { expect, it, onTestFinished } from 'vitest';

import {
  DomainEvent,
  EventBus,
  Handles,
  KafkaConfig,
  kafkaModule,
  KafkaService,
  Processor,
  ProcessorOptions,
  TOKENS,
  type EventInit,
  type Notices,
} from 'busbar';

import { until } from '../support/application.js';
import { sharedKafka, uniquePrefix } from '../support/kafka.js';
import { createTopic, endOffset, kafkajsClient } from '../support/kafkajs-client.js';

interface Order {
  readonly orderId: string;
  readonly cents: number;
}

const invoiced: string[] = [];
const invoice = ({ orderId }: Order): Promise<void> => Promise.resolve(void invoiced.push(orderId));

// #region processor
@DomainEvent({ name: 'order_placed', topic: 'orders', key: 'orderId' })
class OrderPlaced {
  @IsString() readonly orderId!: string;
  @IsInt() readonly cents!: number;

  constructor(init: EventInit<OrderPlaced>) {
    Object.assign(this, init);
  }
}

@ProcessorOptions({ name: 'invoices' })
@injectable()
class Invoices extends Processor {
  @Handles(OrderPlaced)
  async placed(order: OrderPlaced): Promise<void> {
    await invoice(order);
  }
}
// #endregion

it('goes on where a consumer made by hand had stopped, with the records of a producer made by hand', async () => {
  invoiced.length = 0;
  const { bootstrap: bootstrapServers } = await sharedKafka();
  const prefix = uniquePrefix();
  const [topic, groupId] = [`${prefix}.orders`, `${prefix}.invoices`];
  const kafka = kafkajsClient(bootstrapServers);
  await createTopic(kafka, topic);

  // #region hand-producer
  const producer = kafka.producer();
  await producer.connect();

  async function orderPlaced(order: Order): Promise<void> {
    const value = JSON.stringify({ event_type: 'order_placed', data: order });
    await producer.send({ topic, messages: [{ key: order.orderId, value }] });
  }
  // #endregion
  onTestFinished(() => producer.disconnect());

  // #region hand-consumer
  const consumer = kafka.consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      const { event_type, data } = JSON.parse(message.value!.toString()) as { event_type: string; data: Order };
      if (event_type === 'order_placed') await invoice(data);
    },
  });
  // #endregion
  const crashes: boolean[] = [];
  consumer.on('consumer.crash', ({ payload }) => void crashes.push(payload.restart));

  await orderPlaced({ orderId: 'o-1', cents: 100 });
  await until(() => invoiced.length === 1);
  await producer.send({ topic, messages: [{ value: 'no json' }] });
  await orderPlaced({ orderId: 'o-2', cents: 200 });
  // One record that cannot be parsed ends the consumer; the process goes on, and nothing is read any more.
  await until(() => crashes.length > 0);
  expect(crashes).toEqual([false]);
  await consumer.disconnect();
  expect(invoiced).toEqual(['o-1']);

  const settings = {
    serviceName: 'billing',
    groupId: prefix,
    bootstrapServers,
    topicPrefix: prefix,
    topics: { orders: {} },
    fetchMaxWaitMs: 50,
  };
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  // #region busbar
  const config = KafkaConfig.fromEnv({}, settings);
  const container = new Container();
  container.load(kafkaModule({ config, events: [OrderPlaced], processors: [Invoices] }));
  container.get<Notices>(TOKENS.Notices).onNotice(({ level, code, message }) => log(`${level} ${code}: ${message}`));
  const service = container.get(KafkaService);
  await service.start();

  const bus = container.get(EventBus);
  await bus.publish(new OrderPlaced({ orderId: 'o-3', cents: 300 }));
  // #endregion
  onTestFinished(() => service.stop());
  await until(() => service.caughtUp());
  expect(invoiced).toEqual(['o-1', 'o-2', 'o-3']);
  expect(service.getStats().processors['invoices']?.outcomes).toMatchObject({ delivered: 3, handled: 2, deadLettered: 1 });
  expect(lines).toContainEqual(expect.stringContaining('warn DEAD_LETTERED'));
  expect(await endOffset(kafka, `${topic}.dead-letter`)).toBe(1);
});
