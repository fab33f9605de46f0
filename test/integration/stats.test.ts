import { IsString } from 'class-validator';
import { injectable } from 'inversify';
import { afterEach, describe, expect, it } from 'vitest';

import type { EventContext } from '../../src/bus/event-context.js';
import { Listens } from '../../src/bus/listens.js';
import type { EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import type { OutcomeCounts } from '../../src/inbound/outcomes.js';
import { deadLetter, onErrorOf, retry, skip } from '../../src/policy/policy.js';
import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor } from '../../src/processor/processor.js';
import type { KafkaService } from '../../src/service/kafka-service.js';
import type { ReaderStats } from '../../src/service/stats.js';
import { until } from '../support/application.js';
import { sharedKafka } from '../support/kafka.js';
import { kafkajsClient } from '../support/kafkajs-client.js';
import { deferred } from '../support/records.js';
import { application, Orders, OrderPlaced, OrderShipped, stopApplications } from '../support/shop-application.js';

afterEach(stopApplications);

@DomainEvent({ name: 'price_changed', topic: 'prices', key: 'article' })
class PriceChanged {
  @IsString() readonly article!: string;
  constructor(init: EventInit<PriceChanged>) {
    Object.assign(this, init);
  }
}

/** A secret that stands in events and in the messages of errors. */
const CARD = '4111-1111-1111-1111';

class Impossible extends Error {
  override readonly name = 'Impossible';
}

/** Handles what it is told to by the id of the order, and counts by itself. */
@ProcessorOptions({
  name: 'billing',
  publishes: [OrderShipped],
  onError: [
    onErrorOf(Impossible, deadLetter()),
    onErrorOf(RangeError, skip()),
    retry({ attempts: 3, backoffMs: 1, otherwise: deadLetter() }),
  ],
})
@injectable()
class Billing extends Processor {
  readonly calls: string[] = [];
  readonly handled: string[] = [];

  @Handles(OrderPlaced) placed({ orderId }: OrderPlaced, ctx: EventContext): void {
    const [kind] = orderId.split(' ');
    this.calls.push(orderId);
    if (kind === 'impossible') throw new Impossible(`no money on ${CARD}`);
    if (kind === 'odd') throw new RangeError(CARD);
    if (kind === 'flaky' && ctx.attempt < 3) throw new Error(CARD);
    ctx.publish(new OrderShipped({ orderId }));
    this.handled.push(orderId);
  }
}

@injectable()
class Prices {
  readonly heard: string[] = [];
  readonly shipped: string[] = [];
  @Listens(PriceChanged) changed({ article }: PriceChanged): void {
    this.heard.push(article);
    if (article === 'unknown') throw new Error(CARD);
  }
  @Listens(OrderShipped) orderShipped({ orderId }: OrderShipped): void {
    this.shipped.push(orderId);
  }
}

/** Everything on a topic as somebody else reads it: how many records, and the bytes of their keys and values. */
async function readAll(topic: string, expected: number): Promise<{ records: number; bytes: number }> {
  const consumer = kafkajsClient((await sharedKafka()).bootstrap).consumer({ groupId: `${topic}.reader`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const read = { records: 0, bytes: 0 };
  await consumer.run({
    eachMessage: ({ message: { key, value } }) => {
      read.records += 1;
      read.bytes += (key?.length ?? 0) + (value?.length ?? 0);
      return Promise.resolve();
    },
  });
  await until(() => read.records >= expected);
  await consumer.disconnect();
  return read;
}

const sum = (counts: OutcomeCounts): number => {
  const { delivered: _, ...ended } = counts;
  return Object.values(ended).reduce((total, count) => total + count, 0);
};

/** The rules that hold at any moment. */
function checkBooks({ outcomes, events }: ReaderStats): void {
  expect(outcomes.delivered).toBe(sum(outcomes));
  for (const event of Object.values(events)) expect(event.outcomes.delivered).toBe(sum(event.outcomes));
  for (const name of Object.keys(outcomes) as (keyof OutcomeCounts)[])
    expect(Object.values(events).reduce((total, event) => total + event.outcomes[name], 0)).toBe(outcomes[name]);
}

describe('what a service counts', () => {
  it('is what its listeners, its handlers and a reader from outside have counted', async () => {
    const { container, service, bus, config, notices } = await application(
      { topics: { orders: {}, prices: {} } },
      { events: [OrderPlaced, OrderShipped, PriceChanged], processors: [Billing], listeners: [Prices] },
    );
    const stranger = await application(
      { serviceName: 'stranger', topicPrefix: config.topicPrefix, topics: { orders: {}, prices: {} } },
      { events: [PriceChanged], processors: [], listeners: [] },
    );
    await service.start();
    await stranger.service.start();
    const books = setInterval(() => checkBooks(service.getStats().processors['billing']!), 1);

    const orders = ['plain 1', 'plain 2', 'flaky 1', 'flaky 2', 'impossible 1', 'odd 1', 'plain 3'];
    for (const orderId of orders) await bus.publish(new OrderPlaced({ orderId: `${orderId} ${CARD}` }), { id: orderId });
    await bus.publish(new OrderPlaced({ orderId: `plain 1 ${CARD}` }), { id: 'plain 1' }); // the same event once more
    await expect(bus.publish(new OrderPlaced({ orderId: 7 } as never))).rejects.toMatchObject({ code: 'EVENT_INVALID' });
    const receipts = await bus.publishAll(['tea', 'unknown', 'milk'].map((article) => new PriceChanged({ article })));
    await stranger.bus.publish(new PriceChanged({ article: 'bread' }));
    await stranger.bus.publish(new PriceChanged({ article: 'unknown' }));
    await until(() => service.caughtUp());
    await service.lag();
    clearInterval(books);

    const stats = service.getStats();
    const billing = container.get(Billing);
    const prices = container.get(Prices);
    const notified = (code: string) => notices.filter((notice) => notice.code === code).length;
    const from = (name: string) => `${config.topicPrefix}.${name}`;
    checkBooks(stats.processors['billing']!);
    checkBooks(stats.bridge!);

    expect(stats.events['order_placed']).toMatchObject({
      published: { safe: orders.length + 1, notSent: 0, unknown: 0, staged: 0, refused: 1 },
      latencyMs: { count: orders.length + 1 },
      heard: 0,
      mirroredIn: 0,
    });
    expect(stats.events['order_shipped']).toMatchObject({
      published: { safe: 0, staged: billing.handled.length },
      heard: prices.shipped.length,
      listenerErrors: 0,
    });
    expect(stats.events['price_changed']).toMatchObject({
      published: { safe: receipts.length },
      heard: prices.heard.length,
      mirroredIn: prices.heard.length - receipts.length,
      listenerErrors: prices.heard.filter((article) => article === 'unknown').length,
    });

    const { outcomes, events, retries, latencyMs, lastError, queue, lag } = stats.processors['billing']!;
    const ended = { handled: billing.handled.length, deadLettered: notified('DEAD_LETTERED'), skipped: notified('RECORD_SKIPPED') };
    expect(ended).toEqual({ handled: 5, deadLettered: 1, skipped: 1 });
    expect(outcomes).toMatchObject({ ...ended, duplicate: 1, ignored: billing.handled.length, inFlight: 0, abandoned: 0 });
    expect(events['order_placed']!.outcomes).toMatchObject({ ...ended, delivered: 8, duplicate: 1, ignored: 0 });
    expect(events['(other)']!.outcomes).toMatchObject({ ignored: billing.handled.length });
    expect(latencyMs.count).toBe(7);
    expect(retries).toBe(billing.calls.length - 7);
    expect(lastError).toMatchObject({ code: 'HANDLER_FAILED' });
    expect([queue, lag?.messages, lag?.seconds]).toEqual([0, 0, 0]);
    expect(stats.bridge!.events['price_changed']!.outcomes).toMatchObject({ handled: 2, ignored: receipts.length });

    const onOrders = await readAll(from('orders'), 13);
    expect(stats.topics[from('orders')]).toMatchObject({
      sent: onOrders,
      received: { records: 2 * onOrders.records, bytes: 2 * onOrders.bytes }, // by the processor and by the bridge
      queue: { records: 0, bytes: 0, oldestMs: 0 },
      latencyMs: { count: onOrders.records },
      lastError: null,
    });
    const deadLetters = await readAll(from('orders.dead-letter'), 1);
    expect(stats.topics[from('orders.dead-letter')]).toMatchObject({ sent: deadLetters, received: { records: 0, bytes: 0 } });
    const onPrices = await readAll(from('prices'), 5);
    expect(stats.topics[from('prices')]).toMatchObject({ sent: { records: 3 }, received: onPrices });

    const text = JSON.stringify(stats);
    expect(JSON.parse(text)).toEqual(stats);
    expect(text).not.toContain(CARD);
  });

  it('has an entry for everything that the service uses before anything has happened', async () => {
    const { service, config } = await application();
    expect(service.getStats()).toMatchObject({ state: 'created', events: {}, processors: {}, bridge: null, topics: {} });
    await service.start();
    const { events, processors, topics } = service.getStats();
    expect(Object.keys(events)).toEqual(['order_placed', 'order_shipped']);
    expect(Object.keys(processors['orders']!.events)).toEqual(['order_placed', '(other)']);
    expect(Object.keys(topics).sort()).toEqual([`${config.topicPrefix}.orders`, `${config.topicPrefix}.orders.dead-letter`]);
  });

  it('says how much waits for a handler that does not end, here and on the broker', async () => {
    const began = Date.now();
    const { container, service, bus } = await application();
    const orders = container.get(Orders);
    const { promise, resolve } = deferred<void>();
    orders.hold = promise;
    await service.start();
    for (const orderId of ['o-1', 'o-1', 'o-1']) await bus.publish(new OrderPlaced({ orderId }));
    await until(() => service.getStats().processors['orders']!.queue === 3);
    await service.lag();
    const { outcomes, lag } = service.getStats().processors['orders']!;
    expect(outcomes).toMatchObject({ delivered: 1, inFlight: 1 });
    expect(lag!.messages).toBe(3);
    expect(lag!.seconds).toBeGreaterThan(0);
    expect(Date.parse(lag!.asOf)).toBeGreaterThan(began);
    resolve();
    await until(() => service.caughtUp());
    expect(slow(service, 1e9)).toEqual([]);
    expect(slow(service, 0)).toEqual([expect.stringMatching(/^orders is 0 s behind/)]);
    expect(service.getStats().processors['orders']).toMatchObject({ queue: 0, lag: { seconds: 0 } });
  });
});

// #region slow
/** The processors that are more than a minute behind, or whose slowest hundredth takes too long. */
function slow(service: KafkaService, longestMs: number): string[] {
  return Object.entries(service.getStats().processors).flatMap(([name, { lag, latencyMs, lastError }]) => {
    const behind = lag?.seconds ?? 0;
    if (behind < 60 && latencyMs.p99 < longestMs) return [];
    return `${name} is ${behind} s behind; one of 100 takes ${latencyMs.p99} ms; ${lastError?.message ?? 'nothing went wrong'}`;
  });
}
// #endregion
