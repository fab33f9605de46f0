import { Container } from 'inversify';
import { IsString } from 'class-validator';
import { expect, it } from 'vitest';

import {
  deadLetter,
  DomainEvent,
  KafkaClient,
  KafkaConfig,
  kafkaModule,
  KafkaService,
  onErrorOf,
  retry,
  skip,
  TOKENS,
  type EventInit,
  type Notices,
} from 'busbar';

import { until } from '../support/application.js';
import { sharedKafka, uniquePrefix } from '../support/kafka.js';

@DomainEvent({ name: 'order_placed', topic: 'orders', key: 'orderId' })
class OrderPlaced {
  @IsString() readonly orderId!: string;
  constructor(init: EventInit<OrderPlaced>) {
    Object.assign(this, init);
  }
}

class NotAPrice extends Error {}

it('does what the guide of the client says', async () => {
  const { bootstrap } = await sharedKafka();
  const config = KafkaConfig.from({
    serviceName: 'shop',
    bootstrapServers: bootstrap,
    topicPrefix: uniquePrefix(),
    fetchMaxWaitMs: 50,
    topics: { orders: {}, notes: {} },
  });
  const container = new Container();
  container.load(kafkaModule({ config, events: [OrderPlaced] }));
  const notices: string[] = [];
  container.get<Notices>(TOKENS.Notices).onNotice(({ code }) => notices.push(code));
  const service = container.get(KafkaService);
  await service.start();
  const imported: unknown[] = [];
  const save = async (price: unknown): Promise<void> => {
    await Promise.resolve();
    if (price === 'free') throw new NotAPrice();
    imported.push(price);
  };
  try {
    // #region produce
    const client = container.get(KafkaClient); // or service.client
    await client.createTopic('prices', { partitions: 6, retentionMs: 86_400_000 });

    const { partition, offset } = await client.produce({ topic: 'prices', key: 'sku-1', value: { sku: 'sku-1', cents: 995 } });
    // #endregion
    expect([partition, offset]).toEqual([expect.any(Number), 0]);
    const rows = [{ topic: 'prices', key: 'sku-2', value: 'free' }];
    const again: unknown[] = [];
    // #region batch
    for (const [i, result] of (await client.produceBatch(rows)).entries()) {
      if (result.status === 'safe') continue;
      // 'not-sent': send it again. 'unknown': it may be on the log, sending it again may double it.
      console.error(rows[i], result.status, result.error.code);
      again.push(rows[i]);
    }
    // #endregion
    expect(again).toEqual([]);
    // #region consume
    const consumer = await client.consume(
      {
        group: 'price-import', // on the broker: shop.price-import
        topics: ['prices'],
        from: 'earliest',
        concurrency: 8,
        onError: [onErrorOf(NotAPrice, skip()), retry({ attempts: 5, otherwise: deadLetter() })],
      },
      async (message, { signal }) => {
        if (message.value === null || signal.aborted) return;
        await save(message.key === 'sku-2' ? message.text() : message.json());
      },
    );
    // #endregion
    await until(() => consumer.counts.delivered === 2 && consumer.counts.inFlight === 0);
    expect(imported).toEqual([{ sku: 'sku-1', cents: 995 }]);
    expect(notices).toContain('RECORD_SKIPPED');
    await until(async () => (await consumer.lag()).every(({ lag }) => lag === 0));
    // #region look
    const { counts, state, error } = consumer; // counts.delivered === handled + skipped + deadLettered + … + inFlight + abandoned
    const behind = (await consumer.lag()).reduce((sum, { lag }) => sum + lag, 0);
    await consumer.stop(); // or with the service

    const topics = await client.topics(); // of this application; { all: true } for those of others as well
    const { offsets } = await client.topic('prices');
    const { reachable, roundTripMs, brokers } = await client.health();
    // #endregion
    expect([counts.handled, counts.skipped, state, error, behind]).toEqual([1, 1, 'running', undefined, 0]);
    expect(topics.map(({ name }) => name)).toEqual(['orders', 'prices', 'prices.dead-letter']);
    expect([offsets.length, reachable, typeof roundTripMs]).toEqual([6, true, 'number']);
    expect(brokers).toBeGreaterThan(0);

    const heard: unknown[] = [];
    // #region events
    service.addEventHandler('order_placed', (data, { metadata }) => void heard.push([data, metadata.id]));

    // Registered: validated, heard here, staged inside a handler; as bus.publish(new OrderPlaced({ … })).
    const receipt = await service.publishEvent('orders', { orderId: 'o-1' }, { name: 'order_placed' });

    // Not registered: straight to its topic, as a CloudEvent of this service.
    await service.publishEvent('notes', { text: 'checked' }, { name: 'note_written', partitionKey: 'o-1' });
    // #endregion
    expect(heard).toEqual([[{ orderId: 'o-1' }, receipt.envelope.id]]);
  } finally {
    await service.stop();
  }
});
