import { describe, expect, it, vi } from 'vitest';

import type { EventContext } from '../../src/bus/event-context.js';
import { ListenerError } from '../../src/bus/receipt.js';
import { createEnvelope } from '../../src/event/create-envelope.js';
import { deferred, kafka, manualOutlet, turn } from '../support/manual-outlet.js';
import { CacheCleared, order, OrderPlaced, setUp } from '../support/shop.js';

describe('listeners', () => {
  it('are functions, and several events are a list: what plain JavaScript may give instead is told', async () => {
    const { bus } = setUp();
    expect(() => bus.subscribe(OrderPlaced, undefined as never)).toThrow(
      '[ARGUMENT_INVALID] who hears OrderPlaced must be a function: bus.subscribe(OrderPlaced, (event, ctx) => …)',
    );
    await expect(bus.publishAll(order('a') as never)).rejects.toThrow(
      '[ARGUMENT_INVALID] publishAll takes a list of events; a single one goes to publish',
    );
  });

  it('start in the order of their priority, then of subscription', async () => {
    const { bus } = setUp();
    const log: string[] = [];
    bus.subscribe(OrderPlaced, () => void log.push('first of 0'));
    bus.subscribe(OrderPlaced, () => void log.push('-1'), { priority: -1 });
    bus.subscribe(OrderPlaced, () => void log.push('10'), { priority: 10 });
    bus.subscribe(OrderPlaced, () => void log.push('second of 0'));
    await bus.publish(order('o-1'));
    expect(log).toEqual(['10', 'first of 0', 'second of 0', '-1']);
  });

  it('do not wait for each other, but publish waits for them', async () => {
    const { bus } = setUp();
    const log: string[] = [];
    const gate = deferred<void>();
    bus.subscribe(OrderPlaced, async () => {
      log.push('first starts');
      await gate.promise;
      log.push('first ends');
    });
    bus.subscribe(OrderPlaced, () => {
      log.push('second');
      gate.resolve();
    });
    await bus.publish(order('o-1'));
    expect(log).toEqual(['first starts', 'second', 'first ends']);
  });

  it('hear nothing after they were unsubscribed, not even in a hearing that has begun', async () => {
    const { bus } = setUp();
    const log: string[] = [];
    bus.subscribe(OrderPlaced, () => unsubscribe());
    const unsubscribe = bus.subscribe(OrderPlaced, () => void log.push('late'));
    await bus.publish(order('o-1'));
    await bus.publish(order('o-2'));
    expect(log).toEqual([]);
  });

  it('hear one event when they ask for one, even when it is published again meanwhile', async () => {
    const { bus } = setUp();
    const log: string[] = [];
    bus.once(OrderPlaced, ({ orderId }) => {
      log.push(orderId);
      void bus.publish(order('o-2'));
    });
    bus.once(OrderPlaced, () => void log.push('unsubscribed'))();
    await bus.publish(order('o-1'));
    await bus.publish(order('o-3'));
    expect(log).toEqual(['o-1']);
  });

  it('hear every event in the order of the calls, also what another listener publishes', async () => {
    const { bus } = setUp();
    const heard: string[] = [];
    bus.subscribe(OrderPlaced, async ({ orderId }) => {
      if (orderId === 'o-1') await bus.publish(order('o-2'));
    });
    bus.subscribe(OrderPlaced, ({ orderId }) => void heard.push(orderId));
    await bus.publish(order('o-1'));
    expect(heard).toEqual(['o-1', 'o-2']);
  });

  it('are for events only', () => {
    const { bus } = setUp();
    expect(() => bus.subscribe(class Plain {}, () => undefined)).toThrow(expect.objectContaining({ code: 'NOT_AN_EVENT' }));
  });
});

describe('a listener that fails', () => {
  it('never makes publish reject and keeps nobody from hearing; it is in the receipt and in a notice', async () => {
    const { bus, raised } = setUp();
    const wrong = new Error('wrong');
    const later = new Error('later');
    let heard = 0;
    bus.subscribe(OrderPlaced, function checksStock() {
      throw wrong;
    });
    bus.subscribe(OrderPlaced, async function sendsMail() {
      await turn();
      throw later;
    });
    bus.subscribe(OrderPlaced, () => void heard++);
    const { listenerErrors, envelope } = await bus.publish(order('o-1'));
    expect(heard).toBe(1);
    expect(listenerErrors).toMatchObject([
      { code: 'LISTENER_FAILED', listener: 'checksStock', cause: wrong },
      { code: 'LISTENER_FAILED', listener: 'sendsMail', cause: later },
    ]);
    expect(listenerErrors[0]).toBeInstanceOf(ListenerError);
    expect(raised).toMatchObject([
      {
        level: 'error',
        code: 'LISTENER_FAILED',
        error: wrong,
        details: { listener: 'checksStock', event: 'order_placed', id: envelope.id },
      },
      { level: 'error', code: 'LISTENER_FAILED', error: later },
    ]);
  });

  it('is told at the deadline when it is still running, and publish settles without it', async () => {
    const { bus, raised } = setUp({ deliveryTimeoutMs: 5 });
    const gate = deferred<void>();
    let context: EventContext | undefined;
    bus.subscribe(OrderPlaced, (_event, ctx) => {
      context = ctx;
      return gate.promise;
    });
    const { listenerErrors } = await bus.publish(order('o-1'));
    expect(listenerErrors).toMatchObject([{ code: 'LISTENER_TIMEOUT' }]);
    expect(context?.signal.aborted).toBe(true);
    expect(context?.signal.reason).toBe(listenerErrors[0]);
    gate.reject(new Error('too late'));
    await turn();
    expect(listenerErrors).toHaveLength(1);
    expect(raised).toMatchObject([{ code: 'LISTENER_TIMEOUT' }, { code: 'LISTENER_FAILED', error: { message: 'too late' } }]);
  });
});

describe('what a listener publishes', () => {
  it('has the heard event as its cause, through the bus as through the context, also after an await', async () => {
    const { bus } = setUp();
    bus.subscribe(OrderPlaced, async ({ orderId }, ctx) => {
      if (orderId !== 'o-1') return;
      ctx.publish(order('o-2'));
      await turn();
      await bus.publish(order('o-3'));
    });
    const { envelope } = await bus.publish(order('o-1'), { correlationId: 'talk' });
    expect(bus.history(2)).toMatchObject([
      { key: 'o-2', causationId: envelope.id, correlationId: 'talk', path: [] },
      { key: 'o-3', causationId: envelope.id, correlationId: 'talk', path: [] },
    ]);
  });

  it('belongs to it: it has ended when that is safe, and fails when that is not', async () => {
    const { bus } = setUp();
    const { outlet, calls } = manualOutlet();
    bus.subscribe(CacheCleared, (_event, ctx) => {
      expect(ctx.publish(order('o-1'))).toMatchObject({ key: 'o-1', name: 'order_placed' });
      ctx.publish(order('o-2'));
    });
    bus.connectOutlet(outlet);
    let settled = false;
    const publishing = bus.publish(new CacheCleared()).finally(() => (settled = true));
    await turn();
    expect(settled).toBe(false);
    calls[0]?.accept();
    calls[0]?.deliver(kafka(0));
    calls[1]?.refuse(new Error('no'));
    expect(await publishing).toMatchObject({
      where: 'memory',
      listenerErrors: [{ code: 'LISTENER_FAILED', cause: { certainty: 'not-sent' } }],
    });
  });

  it('may fail long before the listener ends', async () => {
    const { bus } = setUp();
    const { outlet, calls } = manualOutlet();
    bus.connectOutlet(outlet);
    bus.subscribe(CacheCleared, async (_event, ctx) => {
      ctx.publish(order('o-1'));
      calls[0]?.refuse(new Error('no'));
      await turn();
      await turn();
    });
    expect(await bus.publish(new CacheCleared())).toMatchObject({ listenerErrors: [{ cause: { certainty: 'not-sent' } }] });
  });

  it('is refused at once when it is invalid', async () => {
    const { bus } = setUp();
    bus.subscribe(CacheCleared, (_event, ctx) => void ctx.publish(order('o-1', 0.5)));
    expect(await bus.publish(new CacheCleared())).toMatchObject({ listenerErrors: [{ cause: { code: 'EVENT_INVALID' } }] });
    expect(bus.history(10)).toHaveLength(1);
  });
});

describe('the context of a listener', () => {
  it('says what the envelope says, speaks through notices and has no transaction', async () => {
    const { bus, raised } = setUp({ resolve: <T>(token: unknown) => `service ${String(token)}` as T });
    let seen: unknown;
    bus.subscribe(OrderPlaced, (_event, ctx) => {
      ctx.log.warn('stock is low');
      seen = [ctx.metadata.key, ctx.attempt, ctx.signal.aborted, ctx.get('Clock')];
      ctx.transaction(() => undefined);
    });
    const { listenerErrors } = await bus.publish(order('o-1'));
    expect(seen).toEqual(['o-1', 1, false, 'service Clock']);
    expect(listenerErrors).toMatchObject([{ cause: { code: 'NOT_IN_PROCESSOR' } }]);
    expect(raised[0]).toMatchObject({
      level: 'warn',
      code: 'APPLICATION_LOG',
      message: 'stock is low',
      details: { event: 'order_placed' },
    });
  });

  it('resolves nothing on a bus without a container, and says so', async () => {
    const { bus } = setUp();
    bus.subscribe(OrderPlaced, (_event, ctx) => void ctx.get(Symbol('Clock')));
    expect(await bus.publish(order('o-1'))).toMatchObject({ listenerErrors: [{ cause: { code: 'WIRING_INVALID' } }] });
  });
});

describe('hear', () => {
  it('tells the listeners and sends nothing, also on a closed bus', async () => {
    const { bus } = setUp();
    const { outlet, calls } = manualOutlet();
    bus.connectOutlet(outlet);
    await bus.close();
    const heard: string[] = [];
    bus.subscribe(OrderPlaced, ({ orderId }) => void heard.push(orderId));
    bus.subscribe(OrderPlaced, () => Promise.reject(new Error('no')));
    const envelope = createEnvelope(order('o-1'), {}, { source: '/elsewhere' });
    expect(await bus.hear(envelope)).toMatchObject([{ code: 'LISTENER_FAILED' }]);
    expect(heard).toEqual(['o-1']);
    expect(calls).toEqual([]);
    expect(bus.history(1)).toEqual([envelope]);
  });

  it('gives the listeners their whole time, however long it had to wait for its turn', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    try {
      const { bus } = setUp({ deliveryTimeoutMs: 1_000 });
      const { outlet, calls } = manualOutlet();
      bus.connectOutlet(outlet);
      const gate = deferred<void>();
      bus.subscribe(OrderPlaced, () => gate.promise);
      const before = bus.publish(order('o-1'));
      const heard = bus.hear(createEnvelope(order('o-2'), {}, { source: '/elsewhere' }));
      await vi.advanceTimersByTimeAsync(1_500);
      calls[0]?.accept();
      calls[0]?.deliver(kafka(0));
      await vi.advanceTimersByTimeAsync(500);
      gate.resolve();
      expect(await heard).toEqual([]);
      await before;
    } finally {
      vi.useRealTimers();
    }
  });
});
