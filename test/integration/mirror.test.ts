import { afterEach, describe, expect, it } from 'vitest';

import { DomainEvent } from '../../src/event/domain-event.js';
import type { EventInit } from '../../src/event/contract.js';
import { IsString } from 'class-validator';

import type { EventMetadata } from '../../src/event/envelope.js';
import { uuidv5 } from '../../src/event/uuid.js';
import type { KafkaModuleOptions } from '../../src/service/kafka-module.js';
import { until } from '../support/application.js';
import { sharedKafka, uniquePrefix } from '../support/kafka.js';
import { kafkajsClient } from '../support/kafkajs-client.js';
import { deferred } from '../support/records.js';
import { application, OrderPlaced, OrderShipped, stopApplications } from '../support/shop-application.js';

afterEach(stopApplications);

@DomainEvent({ name: 'price_changed', topic: 'prices', direction: 'out' })
class PriceChanged {
  @IsString() readonly article!: string;
  constructor(init: EventInit<PriceChanged>) {
    Object.assign(this, init);
  }
}

@DomainEvent({ name: 'price_changed', topic: 'prices', direction: 'in' })
class ForeignPriceChanged {
  @IsString() readonly article!: string;
  constructor(init: EventInit<PriceChanged>) {
    Object.assign(this, init);
  }
}

const events = [OrderPlaced, OrderShipped, PriceChanged];
const placed = (orderId: string) => new OrderPlaced({ orderId });

/** An instance of a service without processors, and what its listeners have heard. */
async function instance(serviceName: string, topicPrefix: string, more: Partial<KafkaModuleOptions> = {}) {
  const made = await application(
    { serviceName, topicPrefix, topics: { orders: {}, prices: {} } },
    { events, processors: [], listeners: [], ...more },
  );
  const heard: { orderId: string; metadata: EventMetadata }[] = [];
  made.bus.subscribe(OrderPlaced, ({ orderId }, { metadata }) => void heard.push({ orderId, metadata }));
  await made.service.start();
  return { ...made, heard, ids: () => heard.map(({ orderId }) => orderId) };
}

/** Writes records as a producer does that knows nothing of Busbar. */
async function foreignProducer(topic: string, ...messages: { key?: string; value: string; headers?: Record<string, string> }[]) {
  const { bootstrap } = await sharedKafka();
  const producer = kafkajsClient(bootstrap).producer();
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
}

describe('two services', () => {
  it('hear what the other publishes, and nothing of their own comes back', async () => {
    const prefix = uniquePrefix();
    const [shop, billing] = [await instance('shop', prefix), await instance('billing', prefix)];
    await shop.bus.publish(placed('from-shop'), { id: '1' });
    await billing.bus.publish(placed('from-billing'));
    await until(async () => (await shop.service.caughtUp()) && (await billing.service.caughtUp()));

    expect(shop.ids().sort()).toEqual(['from-billing', 'from-shop']);
    expect(billing.ids().sort()).toEqual(['from-billing', 'from-shop']);
    expect(billing.heard.find(({ orderId }) => orderId === 'from-shop')!.metadata).toMatchObject({
      id: '1',
      source: '/shop',
      key: 'from-shop',
    });
    const ends = (await shop.service.lag()).get('bridge')!.reduce((sum, { end }) => sum + end, 0);
    expect(ends).toBe(2);
  });

  it('hear an event once although two instances of each run', async () => {
    const prefix = uniquePrefix();
    const shop = await instance('shop', prefix);
    const billing = [await instance('billing', prefix), await instance('billing', prefix)];
    const expected = Array.from({ length: 60 }, (_, i) => `o-${i}`);
    await Promise.all(expected.map((orderId) => shop.bus.publish(placed(orderId))));
    await until(() => billing[0]!.service.caughtUp());
    expect(billing.flatMap(({ ids }) => ids()).sort()).toEqual(expected.toSorted());
  });

  it('recognise what they published under another source by its path', async () => {
    const prefix = uniquePrefix();
    const [shop, billing] = [await instance('shop', prefix), await instance('billing', prefix)];
    await shop.bus.publish(placed('o-1'), { source: '/archive' });
    await until(async () => (await shop.service.caughtUp()) && billing.heard.length === 1);
    expect(shop.ids()).toEqual(['o-1']);
    expect(billing.heard[0]!.metadata).toMatchObject({ source: '/archive', path: ['shop'] });
  });

  it('answer each other with events whose ids follow from their causes', async () => {
    const prefix = uniquePrefix();
    const [shop, billing] = [await instance('shop', prefix), await instance('billing', prefix)];
    const shipped: EventMetadata[] = [];
    shop.bus.subscribe(OrderShipped, (_event, { metadata }) => void shipped.push(metadata));
    billing.bus.subscribe(OrderPlaced, ({ orderId }, ctx) => void ctx.publish(new OrderShipped({ orderId })));
    await shop.bus.publish(placed('o-1'), { id: 'cause' });
    await until(() => shipped.length === 1);
    expect(shipped[0]).toMatchObject({
      id: uuidv5('billing', '/shop', 'cause', 'order_shipped', '0'),
      source: '/billing',
      causationId: 'cause',
      correlationId: 'cause',
      path: [],
    });
  });
});

describe('an event', () => {
  it("is not heard with direction 'out', and cannot be published with direction 'in'", async () => {
    const prefix = uniquePrefix();
    const shop = await instance('shop', prefix);
    const reader = await instance('reader', prefix, { events: [OrderPlaced, ForeignPriceChanged] });
    const deaf = await instance('deaf', prefix);
    const heard = { reader: 0, deaf: 0 };
    reader.bus.subscribe(ForeignPriceChanged, () => void heard.reader++);
    deaf.bus.subscribe(PriceChanged, () => void heard.deaf++);
    await shop.bus.publish(new PriceChanged({ article: 'a' }));
    await shop.bus.publish(placed('behind'));
    await until(() => heard.reader === 1 && deaf.heard.length === 1);
    expect(heard.deaf).toBe(0);
    await expect(reader.bus.publish(new ForeignPriceChanged({ article: 'b' }))).rejects.toMatchObject({ code: 'INBOUND_ONLY' });
  });

  it('that a foreign producer wrote as plain JSON or as structured CloudEvent is heard', async () => {
    const prefix = uniquePrefix();
    const shop = await instance('shop', prefix);
    const cloudEvent = { specversion: '1.0', id: 'c-1', source: '/elsewhere', type: 'order_placed', data: { orderId: 'structured' } };
    await foreignProducer(
      `${prefix}.orders`,
      { key: 'k', value: JSON.stringify({ event_type: 'order_placed', data: { orderId: 'plain' } }) },
      { key: 'k', value: JSON.stringify(cloudEvent), headers: { 'content-type': 'application/cloudevents+json' } },
    );
    await until(() => shop.heard.length === 2);
    expect(shop.heard).toMatchObject([
      { orderId: 'plain', metadata: { source: `/topics/${prefix}.orders`, key: 'k' } },
      { orderId: 'structured', metadata: { id: 'c-1', source: '/elsewhere' } },
    ]);
  });

  it('that cannot be read is passed over with a notice, and those behind it are heard', async () => {
    const prefix = uniquePrefix();
    const shop = await instance('shop', prefix);
    await foreignProducer(
      `${prefix}.orders`,
      { key: 'k', value: 'no json' },
      { key: 'k', value: JSON.stringify({ event_type: 'order_placed', data: { orderId: 7 } }) },
      { key: 'k', value: JSON.stringify({ event_type: 'nobody_knows', data: {} }) },
      { key: 'k', value: JSON.stringify({ event_type: 'order_placed', data: { orderId: 'good' } }) },
    );
    await until(() => shop.service.caughtUp());
    expect(shop.ids()).toEqual(['good']);
    const skipped = shop.notices.filter(({ code }) => code === 'RECORD_SKIPPED');
    expect(skipped.map(({ error }) => (error as { code: string }).code)).toEqual(['UNNAMEABLE', 'EVENT_INVALID']);
  });

  it('that comes twice is heard once', async () => {
    const prefix = uniquePrefix();
    const [shop, billing] = [await instance('shop', prefix), await instance('billing', prefix)];
    await shop.bus.publish(placed('o-1'), { id: 'same' });
    await shop.bus.publish(placed('o-1'), { id: 'same' });
    await until(() => billing.service.caughtUp());
    expect(billing.ids()).toEqual(['o-1']);
  });

  it('is settled when its listeners have ended, and comes again when they had not', async () => {
    const prefix = uniquePrefix();
    const shop = await instance('shop', prefix);
    const billing = await instance('billing', prefix);
    const release = deferred<void>();
    billing.bus.subscribe(OrderPlaced, () => release.promise);
    await shop.bus.publish(placed('o-1'));
    await until(() => billing.heard.length === 1);
    expect(await billing.service.caughtUp()).toBe(false);
    await billing.service.stop({ deadlineMs: 300 });
    release.resolve();

    const next = await instance('billing', prefix);
    await until(() => next.heard.length === 1);
    expect(next.ids()).toEqual(['o-1']);
    await until(() => next.service.caughtUp());
    await next.service.stop();
    const third = await instance('billing', prefix);
    await until(() => third.service.caughtUp());
    expect(third.ids()).toEqual([]);
  });
});

describe('the mirror', () => {
  it('reads nothing as long as nobody listens, and a topic as soon as somebody does', async () => {
    const prefix = uniquePrefix();
    const shop = await instance('shop', prefix);
    const late = await application({ serviceName: 'late', topicPrefix: prefix }, { events: [OrderPlaced], processors: [], listeners: [] });
    await late.service.start();
    expect((await late.service.lag()).get('bridge')).toEqual([]);
    await shop.bus.publish(placed('before'));

    const heard: string[] = [];
    late.bus.subscribe(OrderPlaced, ({ orderId }) => void heard.push(orderId));
    await shop.bus.publish(placed('after'));
    await until(() => heard.length === 2);
    expect(heard.sort()).toEqual(['after', 'before']);
  });

  it("lets every instance hear what comes in with broadcast 'foreign'", async () => {
    const prefix = uniquePrefix();
    const shop = await instance('shop', prefix);
    const billing = [
      await instance('billing', prefix, { broadcast: 'foreign' }),
      await instance('billing', prefix, { broadcast: 'foreign' }),
    ];
    await shop.bus.publish(placed('from-shop'));
    await billing[0]!.bus.publish(placed('from-billing'));
    await until(async () => billing[1]!.heard.length === 1 && billing[0]!.heard.length === 2 && (await billing[1]!.service.caughtUp()));
    expect(billing.map(({ ids }) => ids().sort())).toEqual([['from-billing', 'from-shop'], ['from-shop']]);
  });

  it("lets every instance hear also what other instances of its service publish with broadcast 'all'", async () => {
    const prefix = uniquePrefix();
    const shop = await instance('shop', prefix);
    const billing = [await instance('billing', prefix, { broadcast: 'all' }), await instance('billing', prefix, { broadcast: 'all' })];
    await shop.bus.publish(placed('from-shop'));
    await billing[0]!.bus.publish(placed('from-first'));
    await billing[1]!.bus.publish(placed('from-second'));
    await until(async () => {
      const done = await Promise.all(billing.map(({ service }) => service.caughtUp()));
      return done.every((one) => one) && billing.every(({ heard }) => heard.length >= 3);
    });
    for (const one of billing) expect(one.ids().sort()).toEqual(['from-first', 'from-second', 'from-shop']);
  });
});
