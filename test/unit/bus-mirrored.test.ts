import { describe, expect, it } from 'vitest';

import { EventBus } from '../../src/bus/event-bus.js';
import type { Envelope } from '../../src/event/envelope.js';
import { createEnvelope } from '../../src/event/create-envelope.js';
import { uuidv5 } from '../../src/event/uuid.js';
import { Notices } from '../../src/telemetry/notices.js';
import { CacheCleared, order, OrderPlaced } from '../support/shop.js';
import { deferred, kafka, manualOutlet, turn } from '../support/manual-outlet.js';

function bus(): EventBus {
  const notices = new Notices();
  notices.onNotice(() => undefined);
  return new EventBus({ source: '/billing', notices });
}

/** As it would come in from another service. */
function foreign(id: string): Envelope<OrderPlaced> {
  return createEnvelope(order(`order-of-${id}`), { id }, { source: '/shop' });
}

/** A bus whose outlet takes everything at once, and the envelopes that went out. */
function connected() {
  const out: Envelope[] = [];
  const it = bus();
  it.connectOutlet((envelope) => {
    out.push(envelope);
    return Promise.resolve({ safe: Promise.resolve(kafka(out.length)) });
  });
  return { bus: it, out };
}

describe('an event that came in from outside', () => {
  it('is heard, is part of the history, and does not go out', async () => {
    const { bus, out } = connected();
    const heard: string[] = [];
    bus.subscribe(OrderPlaced, ({ orderId }) => void heard.push(orderId));
    await bus.hearMirrored(foreign('1'));
    expect(heard).toEqual(['order-of-1']);
    expect(bus.history(1)).toMatchObject([{ id: '1', source: '/shop' }]);
    expect(out).toEqual([]);
  });

  it('cannot be published again: ECHO, now and later, on the bus and by the context', async () => {
    const { bus, out } = connected();
    let kept: OrderPlaced | undefined;
    const refused: unknown[] = [];
    bus.subscribe(OrderPlaced, async (event, ctx) => {
      kept = event;
      await bus.publish(event).catch((error: unknown) => refused.push(error));
      try {
        ctx.publish(event);
      } catch (error) {
        refused.push(error);
      }
    });
    await bus.hearMirrored(foreign('1'));
    expect(refused).toMatchObject([{ code: 'ECHO' }, { code: 'ECHO' }]);
    await expect(bus.publish(kept!)).rejects.toMatchObject({ code: 'ECHO' });
    await expect(bus.publishAll([order('o'), kept!])).rejects.toMatchObject({ code: 'ECHO' });
    expect(out).toEqual([]);
  });

  it('gives what its listeners publish ids that are the same when it comes again', async () => {
    const ids = async (): Promise<string[]> => {
      const { bus, out } = connected();
      bus.subscribe(OrderPlaced, async (event, ctx) => {
        if (!event.orderId.startsWith('order-of')) return;
        ctx.publish(order('a'));
        await bus.publish(order('b'));
        await bus.publishAll([order('c')]);
        await bus.publish(order('d'), { id: 'chosen' });
      });
      await bus.hearMirrored(foreign('1'));
      return out.map(({ id }) => id);
    };
    const expected = [0, 1, 2].map((ordinal) => uuidv5('billing', '/shop', '1', 'order_placed', String(ordinal)));
    expect(await ids()).toEqual([...expected, 'chosen']);
    expect(await ids()).toEqual([...expected, 'chosen']);
  });

  it('gives such ids also to what follows from what its listeners publish', async () => {
    const { bus, out } = connected();
    bus.subscribe(OrderPlaced, ({ orderId }, ctx) => {
      if (orderId === 'order-of-1') ctx.publish(order('second'));
      if (orderId === 'second') void bus.publish(order('third'));
    });
    await bus.hearMirrored(foreign('1'));
    const [second, third] = out;
    expect(second!.id).toBe(uuidv5('billing', '/shop', '1', 'order_placed', '0'));
    expect(third!.id).toBe(uuidv5('billing', '/billing', second!.id, 'order_placed', '0'));
    expect(third).toMatchObject({ causationId: second!.id, correlationId: '1', path: [] });
  });

  it('has been heard only when everything is settled that its listeners published, awaited or not', async () => {
    const it = bus();
    const { outlet, calls } = manualOutlet();
    it.connectOutlet(outlet);
    it.subscribe(OrderPlaced, ({ orderId }) => {
      if (orderId === 'order-of-1') void it.publish(order('caused'));
    });
    let isOver = false;
    const heard = Promise.resolve(it.hearMirrored(foreign('1'))).then((errors) => {
      isOver = true;
      return errors;
    });
    await turn();
    calls[0]!.accept();
    await turn();
    expect(isOver).toBe(false);
    calls[0]!.deliver(kafka(0));
    expect(await heard).toEqual([]);
  });

  it('has been heard also when what its listeners published could not be sent', async () => {
    const it = bus();
    const { outlet, calls } = manualOutlet();
    it.connectOutlet(outlet);
    const rejected = deferred<unknown>();
    it.subscribe(OrderPlaced, ({ orderId }) => {
      if (orderId === 'order-of-1') void it.publish(order('caused')).catch(rejected.resolve);
    });
    const heard = it.hearMirrored(foreign('1'));
    await turn();
    calls[0]!.refuse(new Error('no place'));
    expect(await heard).toEqual([]);
    expect(await rejected.promise).toMatchObject({ certainty: 'not-sent' });
  });
});

describe('the bus', () => {
  it('says whether anybody listens to a class, and tells of new listeners', () => {
    const it = bus();
    const told: unknown[] = [];
    const end = it.onSubscribe((eventClass) => told.push(eventClass));
    expect(it.isHeard(OrderPlaced)).toBe(false);
    const unsubscribe = it.subscribe(OrderPlaced, () => undefined);
    expect(it.isHeard(OrderPlaced)).toBe(true);
    unsubscribe();
    expect(it.isHeard(OrderPlaced)).toBe(false);
    end();
    it.subscribe(CacheCleared, () => undefined);
    expect(told).toEqual([OrderPlaced]);
  });
});

describe('an event that is published under another source', () => {
  it('names this service in its path, so that the mirror knows it again', async () => {
    const { bus, out } = connected();
    await bus.publish(order('o'), { source: '/archive' });
    await bus.publish(order('o'), { source: '/billing' });
    await bus.publish(order('o'));
    expect(out.map(({ source, path }) => [source, path])).toEqual([
      ['/archive', ['billing']],
      ['/billing', []],
      ['/billing', []],
    ]);
  });
});
