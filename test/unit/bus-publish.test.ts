import { describe, expect, it } from 'vitest';

import { ambient, withAmbient, type Stager } from '../../src/bus/ambient.js';
import { createEnvelope } from '../../src/event/create-envelope.js';
import type { Envelope } from '../../src/event/envelope.js';
import { manualOutlet } from '../support/manual-outlet.js';
import { CacheCleared, order, OrderPlaced, setUp } from '../support/shop.js';

describe('an event published without an outlet', () => {
  it('is in memory when its listeners have heard it', async () => {
    const { bus } = setUp();
    const heard: object[] = [];
    bus.subscribe(OrderPlaced, (event) => void heard.push(event));
    const event = order('o-1');
    const receipt = await bus.publish(event);
    expect(heard).toEqual([event]);
    expect(receipt).toMatchObject({
      where: 'memory',
      listenerErrors: [],
      envelope: { event, name: 'order_placed', version: 1, source: '/shop', key: 'o-1', causationId: undefined, path: [] },
    });
    expect(receipt.envelope.correlationId).toBe(receipt.envelope.id);
  });

  it('is rejected before anybody hears of it when it is invalid', async () => {
    const { bus } = setUp();
    let heard = 0;
    bus.subscribe(OrderPlaced, () => void heard++);
    await expect(bus.publish(order('o-1', 0.5))).rejects.toMatchObject({ code: 'EVENT_INVALID' });
    await expect(bus.publish(order(''))).rejects.toMatchObject({ code: 'KEY_MISSING' });
    await expect(bus.publish(order('o-1'), { id: 'a\nb' })).rejects.toMatchObject({ code: 'EVENT_INVALID' });
    await expect(bus.publish({ orderId: 'o-1' })).rejects.toMatchObject({ code: 'NOT_AN_EVENT' });
    expect(heard).toBe(0);
    expect(bus.history(10)).toEqual([]);
  });
});

describe('an event published inside the attempt of a processor', () => {
  function attempt(isOver: boolean) {
    const cause = createEnvelope(order('cause'), {}, { source: '/shop' });
    const staged: Envelope[] = [];
    const stager: Stager = {
      isOver,
      admit: () => undefined,
      stage: (event, options = {}) => {
        const envelope = createEnvelope(event, options, { source: '/shop', cause, id: 'derived' });
        staged.push(envelope);
        return envelope;
      },
    };
    return { cause, staged, inside: <T>(work: () => T) => withAmbient({ cause, stager }, work) };
  }

  it('is staged: it shares the fate of the handler, and nobody hears it now', async () => {
    const { bus } = setUp();
    const { outlet, calls } = manualOutlet();
    bus.connectOutlet(outlet);
    let heard = 0;
    bus.subscribe(OrderPlaced, () => void heard++);
    const { staged, inside } = attempt(false);
    const receipt = await inside(() => bus.publish(order('o-1')));
    expect(receipt).toEqual({ where: 'handler', envelope: staged[0], listenerErrors: [] });
    expect([calls.length, heard]).toEqual([0, 0]);
    expect(await inside(() => bus.publishAll([order('o-2'), order('o-3')]))).toMatchObject([{ where: 'handler' }, { where: 'handler' }]);
    expect(staged.map(({ key }) => key)).toEqual(['o-1', 'o-2', 'o-3']);
  });

  it('goes out at once when the attempt is over, with its cause and a notice', async () => {
    const { bus, raised } = setUp();
    const { staged, inside, cause } = attempt(true);
    const receipt = await inside(() => bus.publish(order('o-1')));
    expect(receipt).toMatchObject({ where: 'memory', envelope: { causationId: cause.id, correlationId: cause.correlationId } });
    expect(staged).toEqual([]);
    expect(raised).toMatchObject([{ code: 'LATE_PUBLISH', level: 'warn' }]);
  });

  it('is heard at once when it is local, for it never leaves', async () => {
    const { bus } = setUp();
    const { staged, inside } = attempt(false);
    expect(await inside(() => bus.publish(new CacheCleared()))).toMatchObject({ where: 'memory' });
    expect(staged).toEqual([]);
  });

  it('is heard by listeners that are not part of the attempt', async () => {
    const { bus } = setUp();
    const { inside } = attempt(false);
    let around: unknown;
    bus.subscribe(CacheCleared, () => void (around = ambient()?.stager));
    await inside(() => bus.publish(new CacheCleared()));
    expect(around).toBeUndefined();
  });
});

describe('history', () => {
  it('has the last events in the order in which they were heard', async () => {
    const { bus } = setUp({ historySize: 3 });
    for (let i = 1; i <= 5; i++) await bus.publish(order(`o-${i}`));
    expect(bus.history(10).map(({ key }) => key)).toEqual(['o-3', 'o-4', 'o-5']);
    expect(bus.history(2).map(({ key }) => key)).toEqual(['o-4', 'o-5']);
    expect(bus.history(0)).toEqual([]);
  });

  it('can be switched off', async () => {
    const { bus } = setUp({ historySize: 0 });
    await bus.publish(order('o-1'));
    expect(bus.history(10)).toEqual([]);
  });
});
