import { describe, expect, it } from 'vitest';

import { PublishAllError } from '../../src/bus/publish-all-error.js';
import { PublishError } from '../../src/bus/publish-error.js';
import type { Envelope } from '../../src/event/envelope.js';
import { deferred, kafka, manualOutlet, turn } from '../support/manual-outlet.js';
import { CacheCleared, order, OrderPlaced, setUp } from '../support/shop.js';

describe('an event published with an outlet', () => {
  it('is heard once it has its place, and its publish settles when it is safe', async () => {
    const { bus } = setUp({ deliveryTimeoutMs: 60_000 });
    const { outlet, calls } = manualOutlet();
    bus.connectOutlet(outlet);
    const log: string[] = [];
    bus.subscribe(OrderPlaced, () => void log.push('heard'));
    const before = Date.now();
    const publishing = bus.publish(order('o-1')).then((receipt) => {
      log.push('settled');
      return receipt;
    });
    expect(calls[0]?.deadline).toBeGreaterThanOrEqual(before + 60_000);
    await turn();
    expect(log).toEqual([]);
    calls[0]?.accept();
    await turn();
    expect(log).toEqual(['heard']);
    calls[0]?.deliver(kafka(7));
    expect(await publishing).toMatchObject({
      where: 'kafka',
      topic: 'orders',
      partition: 0,
      offset: 7,
      envelope: { key: 'o-1' },
      listenerErrors: [],
    });
  });

  it('settles only when its listeners have ended, too', async () => {
    const { bus } = setUp();
    const { outlet, calls } = manualOutlet();
    bus.connectOutlet(outlet);
    const listener = deferred<void>();
    bus.subscribe(OrderPlaced, () => listener.promise);
    let settled = false;
    const publishing = bus.publish(order('o-1')).finally(() => (settled = true));
    calls[0]?.accept();
    calls[0]?.deliver(kafka(0));
    await turn();
    expect(settled).toBe(false);
    listener.resolve();
    await publishing;
  });

  it('is not heard when it gets no place', async () => {
    const { bus } = setUp();
    const { outlet, calls } = manualOutlet();
    bus.connectOutlet(outlet);
    let heard = 0;
    bus.subscribe(OrderPlaced, () => void heard++);
    const publishing = bus.publish(order('o-1'));
    const cause = new PublishError('BUFFER_FULL', 'full', {
      certainty: 'not-sent',
      envelope: calls[0]?.envelope as Envelope,
      heard: false,
    });
    calls[0]?.refuse(cause);
    await expect(publishing).rejects.toBe(cause);
    const other = bus.publish(order('o-2'));
    calls[1]?.refuse(new Error('out of order'));
    await expect(other).rejects.toMatchObject({ name: 'PublishError', certainty: 'not-sent', heard: false, envelope: { key: 'o-2' } });
    expect(heard).toBe(0);
  });

  it('says that it was heard when it turns out not to be safe, even before the listeners end', async () => {
    const { bus } = setUp();
    const { outlet, calls } = manualOutlet();
    bus.connectOutlet(outlet);
    const listener = deferred<void>();
    bus.subscribe(OrderPlaced, () => listener.promise);
    const publishing = bus.publish(order('o-1'));
    const envelope = calls[0]?.envelope as Envelope;
    calls[0]?.accept();
    calls[0]?.lose(new PublishError('DELIVERY_TIMEOUT', 'no answer', { certainty: 'unknown', envelope, heard: false }));
    await turn();
    listener.resolve();
    await expect(publishing).rejects.toMatchObject({
      message: '[DELIVERY_TIMEOUT] no answer',
      certainty: 'unknown',
      heard: true,
      envelope,
      retriable: true,
    });
  });

  it('is heard in the order of the calls, whichever gets its place first', async () => {
    const { bus } = setUp();
    const { outlet, calls } = manualOutlet();
    bus.connectOutlet(outlet);
    const heard: string[] = [];
    bus.subscribe(OrderPlaced, ({ orderId }) => void heard.push(orderId));
    bus.subscribe(CacheCleared, () => void heard.push('cleared'));
    const publishing = [bus.publish(order('o-1')), bus.publish(order('o-2')), bus.publish(new CacheCleared()), bus.publish(order('o-3'))];
    calls[2]?.accept();
    calls[1]?.accept();
    await turn();
    expect(heard).toEqual([]);
    calls[0]?.accept();
    await turn();
    expect(heard).toEqual(['o-1', 'o-2', 'cleared', 'o-3']);
    for (const call of calls) call.deliver(kafka(0));
    await Promise.all(publishing);
  });

  it('does not wait for one before it that gets no place', async () => {
    const { bus } = setUp();
    const { outlet, calls } = manualOutlet();
    bus.connectOutlet(outlet);
    const heard: string[] = [];
    bus.subscribe(OrderPlaced, ({ orderId }) => void heard.push(orderId));
    const publishing = [bus.publish(order('o-1')), bus.publish(order('o-2'))];
    calls[1]?.accept();
    await turn();
    expect(heard).toEqual([]);
    calls[0]?.refuse(new Error('no'));
    await expect(publishing[0]).rejects.toThrow(PublishError);
    await turn();
    expect(heard).toEqual(['o-2']);
    calls[1]?.deliver(kafka(0));
    await publishing[1];
  });

  it('stays in memory when it is local, and after the outlet was disconnected', async () => {
    const { bus } = setUp();
    const { outlet, calls } = manualOutlet();
    const disconnect = bus.connectOutlet(outlet);
    expect(await bus.publish(new CacheCleared())).toMatchObject({ where: 'memory' });
    expect(() => bus.connectOutlet(outlet)).toThrow(expect.objectContaining({ code: 'ILLEGAL_TRANSITION' }));
    disconnect();
    expect(await bus.publish(order('o-1'))).toMatchObject({ where: 'memory' });
    expect(calls).toEqual([]);
    bus.connectOutlet(outlet);
    disconnect();
    void bus.publish(order('o-2'));
    expect(calls).toHaveLength(1);
  });
});

describe('publishAll', () => {
  it('hands over in order and waits for all', async () => {
    const { bus } = setUp();
    const { outlet, calls } = manualOutlet();
    bus.connectOutlet(outlet);
    const publishing = bus.publishAll([order('o-1'), order('o-2')]);
    expect(calls.map(({ envelope }) => envelope.key)).toEqual(['o-1', 'o-2']);
    calls.forEach((call, i) => {
      call.accept();
      call.deliver(kafka(i));
    });
    expect(await publishing).toMatchObject([{ offset: 0 }, { offset: 1 }]);
  });

  it('names what is safe, what was not sent and what is unknown', async () => {
    const { bus } = setUp();
    const { outlet, calls } = manualOutlet();
    bus.connectOutlet(outlet);
    const events = [order('o-1'), order('o-2'), order('o-3')] as const;
    const publishing = bus.publishAll(events);
    calls[0]?.accept();
    calls[0]?.deliver(kafka(0));
    calls[1]?.refuse(new Error('no'));
    calls[2]?.accept();
    calls[2]?.lose(new Error('who knows'));
    const error = await publishing.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PublishAllError);
    expect(error).toMatchObject({
      code: 'KAFKA_FAILED',
      safe: [{ where: 'kafka', envelope: { event: events[0] } }],
      notSent: [{ event: events[1], error: { certainty: 'not-sent' } }],
      unknown: [{ event: events[2], error: { certainty: 'unknown' } }],
    });
  });

  it('sends nothing when one of them is refused beforehand', async () => {
    const { bus } = setUp();
    const { outlet, calls } = manualOutlet();
    bus.connectOutlet(outlet);
    const events = [order('o-1'), order('o-2', 0.5)] as const;
    await expect(bus.publishAll(events)).rejects.toMatchObject({
      code: 'EVENT_INVALID',
      safe: [],
      notSent: [
        { event: events[0], error: undefined },
        { event: events[1], error: { code: 'EVENT_INVALID' } },
      ],
      unknown: [],
    });
    expect(calls).toEqual([]);
  });
});

describe('a closed bus', () => {
  it('takes no more events and is closed when all under way have settled', async () => {
    const { bus } = setUp();
    const { outlet, calls } = manualOutlet();
    bus.connectOutlet(outlet);
    let closed = false;
    const publishing = bus.publish(order('o-1'));
    const closing = bus.close().then(() => (closed = true));
    await expect(bus.publish(order('o-2'))).rejects.toMatchObject({ code: 'BUS_CLOSED' });
    calls[0]?.accept();
    await turn();
    expect(closed).toBe(false);
    calls[0]?.deliver(kafka(0));
    await Promise.all([publishing, closing]);
  });
});
