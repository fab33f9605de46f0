import { IsOptional, IsString } from 'class-validator';
import { injectable } from 'inversify';
import { afterEach, describe, expect, it } from 'vitest';

import { withAmbient } from '../../src/bus/ambient.js';
import { Consequences } from '../../src/bus/consequences.js';
import type { EventContext } from '../../src/bus/event-context.js';
import type { EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import type { Envelope } from '../../src/event/envelope.js';
import { retry } from '../../src/policy/policy.js';
import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor } from '../../src/processor/processor.js';
import { until } from '../support/application.js';
import { everythingOn, startedClient } from '../support/client.js';
import { application, Audit, OrderPlaced, Orders, OrderShipped, stopApplications } from '../support/shop-application.js';

afterEach(stopApplications);

@DomainEvent({ name: 'price_changed', version: 1, topic: 'prices', key: 'sku' })
class PriceChanged1 {
  @IsString() readonly sku!: string;
  constructor(init: EventInit<PriceChanged1>) {
    Object.assign(this, init);
  }
}

@DomainEvent({
  name: 'price_changed',
  version: 3,
  topic: 'prices',
  key: 'sku',
  upcast: (data) => ({ sku: data['sku'], currency: 'EUR' }),
})
class PriceChanged3 {
  @IsString() readonly sku!: string;
  @IsString() @IsOptional() readonly currency?: string;
  constructor(init: EventInit<PriceChanged3>) {
    Object.assign(this, init);
  }
}

const prices = { topics: { orders: {}, prices: {} } };
const versioned = { events: [PriceChanged1, PriceChanged3] };

describe('publishing by name', () => {
  it('publishes a registered event as if an instance had been: listeners and processors have it', async () => {
    const { container, service } = await application();
    await service.start();
    const occurredAt = new Date('2026-02-03T04:05:06.000Z');
    const receipt = await service.publishEvent(
      'orders',
      { orderId: 'o-1' },
      { name: 'order_placed', id: 'e-1', occurredAt, correlationId: 'c-1', partitionKey: 'p' },
    );
    expect(receipt).toMatchObject({
      where: 'kafka',
      offset: 0,
      listenerErrors: [],
      envelope: { id: 'e-1', name: 'order_placed', key: 'p', correlationId: 'c-1', occurredAt, source: '/shop' },
    });
    expect(receipt.envelope.event).toEqual(new OrderPlaced({ orderId: 'o-1' }));
    expect(container.get(Audit).heard).toEqual(['o-1']);
    await container.get(Orders).untilHandled(1);
  });

  it('refuses registered data that breaks the rules, with every violation, and a topic that is not that of the event', async () => {
    const { service } = await startedClient(prices, versioned);
    const error = service.publishEvent('prices', { skuu: 'a', sku: 1 }, { name: 'price_changed' });
    await expect(error).rejects.toMatchObject({
      code: 'EVENT_INVALID',
      violations: expect.arrayContaining([
        expect.objectContaining({ path: 'skuu', rule: 'declared' }),
        expect.objectContaining({ path: 'sku', rule: 'isString' }),
      ]) as unknown,
    });
    for (const data of [null, [], 'text', JSON.parse('{"sku":"a","__proto__":{}}')])
      await expect(service.publishEvent('prices', data as object, { name: 'price_changed' })).rejects.toMatchObject({
        code: 'EVENT_INVALID',
      });
    await expect(service.publishEvent('orders', { sku: 'a' }, { name: 'price_changed' })).rejects.toMatchObject({
      code: 'EVENT_UNKNOWN',
      message: expect.stringContaining("belongs on topic 'prices'") as string,
    });
    await expect(service.publishEvent('prices', { sku: 'a' }, { name: 'price_changed', version: 4 })).rejects.toMatchObject({
      code: 'VERSION_UNSUPPORTED',
    });
    await expect(service.publishEvent('prices', {}, {} as never)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
    await expect(service.publishEvent('prices', {}, { name: 'x', key: 'k' } as never)).rejects.toThrow('key is no option');
  });

  it('publishes the newest version unless it is told another, which is brought up to date where nobody reads it as it is', async () => {
    const { service } = await startedClient(prices, versioned);
    const publish = async (version?: number): Promise<object> =>
      (await service.publishEvent('prices', { sku: 'a' }, { name: 'price_changed', version })).envelope.event;
    expect(await publish()).toEqual(new PriceChanged3({ sku: 'a' }));
    expect(await publish(1)).toEqual(new PriceChanged1({ sku: 'a' }));
    expect(await publish(2)).toEqual(new PriceChanged3({ sku: 'a', currency: 'EUR' }));
  });

  it('sends what is not registered to its topic as a CloudEvent of this service, and creates the topic where it is configured', async () => {
    const { service, client, config, bus } = await startedClient({ topics: { orders: {}, foreign: { partitions: 1 } } });
    const occurredAt = new Date('2026-02-03T04:05:06.000Z');
    const data = { total: 3, list: [{ a: null }] };
    const receipt = await service.publishEvent('foreign', data, { name: 'com.acme.Thing', partitionKey: 'k', version: 2, occurredAt });
    expect(receipt).toMatchObject({ where: 'kafka', topic: `${config.topicPrefix}.foreign`, partition: 0, offset: 0, listenerErrors: [] });
    expect(receipt.envelope).toMatchObject({ name: 'com.acme.Thing', version: 2, key: 'k', source: '/shop', causationId: undefined });
    expect(bus.history(10)).toEqual([]);

    const [message] = await everythingOn(client, 'foreign');
    expect([message?.key, message?.json()]).toEqual(['k', data]);
    expect(message?.headers).toEqual({
      ce_specversion: '1.0',
      ce_id: receipt.envelope.id,
      ce_type: 'com.acme.Thing',
      ce_source: '/shop',
      ce_time: occurredAt.toISOString(),
      ce_subject: 'k',
      ce_eventversion: '2',
      'content-type': 'application/json',
    });
  });

  it('refuses of what is not registered whatever could not travel, and topics that are not configured', async () => {
    const { service } = await startedClient();
    const refused = async (code: string, topic: string, data: unknown, options: object = {}): Promise<void> => {
      await expect(service.publishEvent(topic, data as object, { name: 'thing', ...options })).rejects.toMatchObject({ code });
    };
    await refused('EVENT_INVALID', 'orders', [1]);
    await refused('EVENT_INVALID', 'orders', { at: new Date() });
    await refused('EVENT_INVALID', 'orders', {}, { id: '' });
    await refused('EVENT_INVALID', 'orders', {}, { partitionKey: 'a\nb' });
    await refused('EVENT_INVALID', 'orders', {}, { version: 0 });
    await refused('EVENT_INVALID', 'orders', {}, { occurredAt: new Date(Number.NaN) });
    await refused('TOPIC_MISSING', 'order', {});
    await expect(service.publishEvent('order', {}, { name: 'thing' })).rejects.toThrow("did you mean 'orders'?");
  });

  it('refuses a topic that is no name', async () => {
    const { service } = await application();
    await service.start();
    for (const topic of [undefined, Symbol('orders'), 7])
      await expect(service.publishEvent(topic as never, {}, { name: 'x' })).rejects.toThrow(/^\[ARGUMENT_INVALID\] .*name of the topic/);
  });

  it('is not possible while the service does not run', async () => {
    const { service } = await application();
    await expect(service.publishEvent('orders', { orderId: 'o-1' }, { name: 'order_placed' })).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    });
  });

  it('inside a handler stages what is registered, and sends what is not at once, both with the event as their cause', async () => {
    const receipts: object[] = [];
    let attempts = 0;
    @ProcessorOptions({ name: 'shipping', publishes: [OrderShipped], onError: [retry({ attempts: 2, backoffMs: 1 })] })
    @injectable()
    class Shipping extends Processor {
      @Handles(OrderPlaced) async placed({ orderId }: OrderPlaced, ctx: EventContext): Promise<void> {
        receipts.push(await service.publishEvent('orders', { orderId }, { name: 'order_shipped' }));
        receipts.push(await service.publishEvent('notes', { orderId }, { name: 'note' }));
        attempts = ctx.attempt;
        if (ctx.attempt === 1) throw new Error('once more');
      }
    }
    const parts = await application({ topics: { orders: {}, notes: {} } }, { processors: [Shipping], listeners: [] });
    const { service } = parts;
    await service.start();
    const { envelope } = await service.publishEvent('orders', { orderId: 'o-1' }, { name: 'order_placed' });
    await until(() => service.caughtUp());
    expect(attempts).toBe(2);
    expect(receipts).toMatchObject([{ where: 'handler' }, { where: 'kafka' }, { where: 'handler' }, { where: 'kafka' }]);
    const caused = { ce_causationid: envelope.id, ce_correlationid: envelope.correlationId };
    const all = await everythingOn(service.client, 'orders');
    expect(all.filter(({ headers }) => headers['ce_type'] === 'order_shipped')).toMatchObject([{ headers: caused }]);
    expect(await everythingOn(service.client, 'notes')).toMatchObject([{ headers: caused }, { headers: caused }]);
  });
  it('gives what is not registered, and follows from an event of another service, the same id each time, and is waited for', async () => {
    const { service } = await startedClient();
    const cause = { id: 'c-1', source: '/other', correlationId: 'k-1', name: 'order_placed' } as Envelope;
    const ids: string[] = [];
    for (let again = 0; again < 2; again++) {
      const consequences = new Consequences('shop', cause);
      const sending = withAmbient({ cause, consequences }, () => service.publishEvent('orders', {}, { name: 'note' }));
      expect(consequences.areUnderWay).toBe(true);
      await consequences.settled();
      const { envelope } = await sending;
      expect(envelope).toMatchObject({ causationId: 'c-1', correlationId: 'k-1' });
      ids.push(envelope.id);
    }
    expect(ids).toEqual([ids[0], ids[0]]);
  });
});

describe('a handler that is added by name', () => {
  it('hears registered events as plain data, by priority, also when it was added before the start, until it is removed', async () => {
    const { service, bus } = await startedClient(prices, { ...versioned, processors: [] });
    const heard: unknown[] = [];
    const remove = service.addEventHandler('price_changed', (data, ctx) => void heard.push(['all', data, ctx.metadata.version]));
    service.addEventHandler('price_changed', (data) => void heard.push(['third', data]), { version: 3, priority: 1 });
    await bus.publish(new PriceChanged1({ sku: 'a' }));
    await bus.publish(new PriceChanged3({ sku: 'b' }));
    remove();
    await bus.publish(new PriceChanged3({ sku: 'c' }));
    expect(heard).toEqual([
      ['all', { sku: 'a' }, 1],
      ['third', { sku: 'b' }],
      ['all', { sku: 'b' }, 3],
      ['third', { sku: 'c' }],
    ]);
    expect(Object.getPrototypeOf((heard[0] as unknown[])[1])).toBe(Object.prototype);
  });

  it('may be added before the start, and is named in the receipt when it fails', async () => {
    const { service } = await application({}, { processors: [], listeners: [] });
    service.addEventHandler('order_placed', function notify() {
      throw new Error('no');
    });
    await service.start();
    const { listenerErrors } = await service.publishEvent('orders', { orderId: 'o-1' }, { name: 'order_placed' });
    expect(listenerErrors).toMatchObject([{ code: 'LISTENER_FAILED', listener: 'notify' }]);
  });

  it('is refused for a name or version that is not registered, with what was probably meant', async () => {
    const { service } = await application();
    expect(() => service.addEventHandler('order_place', () => undefined)).toThrow("did you mean 'order_placed'?");
    expect(() => service.addEventHandler('nonsense', () => undefined)).toThrow('there are order_placed, order_shipped');
    expect(() => service.addEventHandler('order_placed', () => undefined, { version: 2 })).toThrow('VERSION_UNSUPPORTED');
  });

  it('is refused at once when it is none, with everything that is wrong', async () => {
    const { service } = await application();
    const add = service.addEventHandler.bind(service) as (...given: unknown[]) => void;
    expect(() => add(Symbol('x'), undefined, null)).toThrow(
      /^\[ARGUMENT_INVALID\] .*name of an event.*must be the handler.*must be an object/,
    );
    expect(() => add('order_placed', () => undefined, { prioritty: 1 })).toThrow('prioritty is no option: did you mean priority?');
  });
});
