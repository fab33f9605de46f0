import { describe, expect, it } from 'vitest';

import type { EventContext } from '../../src/bus/event-context.js';
import { retry } from '../../src/policy/policy.js';
import { type TestApplication, until } from '../support/application.js';
import { applications, billing, placed, withAndWithoutStore } from '../support/billing.js';
import { OrderBilled, OrderPlaced, OrderSeen } from '../support/events.js';

const start = applications();
const events = [OrderPlaced, OrderBilled];

describe.each(withAndWithoutStore)('A processor %s', (_, makeStore) => {
  it('handles what is published, in the order of its key, and the offsets follow', async () => {
    const seen: string[] = [];
    const application = await start({
      events,
      store: makeStore(),
      processors: [billing((event) => void seen.push(`${event.orderId}:${event.amount}`))],
    });
    await Promise.all([1, 2, 3].flatMap((n) => ['a', 'b'].map((id) => application.bus.publish(placed(id, n)))));
    await application.caughtUp('billing');
    expect(seen.filter((one) => one.startsWith('a'))).toEqual(['a:1', 'a:2', 'a:3']);
    expect(seen.filter((one) => one.startsWith('b'))).toEqual(['b:1', 'b:2', 'b:3']);
    expect(application.outcomes('billing')).toMatchObject({ delivered: 6, handled: 6, inFlight: 0, abandoned: 0 });
  });

  it('drops an event that comes twice', async () => {
    const seen: string[] = [];
    const application = await start({ events, store: makeStore(), processors: [billing((event) => void seen.push(event.orderId))] });
    await application.bus.publish(placed('a'), { id: 'one' });
    await application.bus.publish(placed('a'), { id: 'one' });
    await application.caughtUp('billing');
    expect(seen).toEqual(['a']);
    expect(application.outcomes('billing')).toMatchObject({ handled: 1, duplicate: 1 });
  });

  it('sends what a handler publishes once it has succeeded, with an id that is the same each time', async () => {
    const heard: string[] = [];
    const application = await start({
      events,
      store: makeStore(),
      processors: [
        billing(
          (event, ctx) => {
            ctx.publish(new OrderBilled({ orderId: event.orderId, amount: event.amount }));
            if (ctx.attempt === 1) throw new Error('after publishing');
          },
          { onError: [retry({ attempts: 2, backoffMs: 1 })] },
        ),
      ],
    });
    application.bus.subscribe(OrderBilled, (event) => void heard.push(event.orderId));
    const { envelope } = await application.bus.publish(placed('a'), { id: 'cause' });
    await application.caughtUp('billing');
    const bills = await application.records('bills');
    expect(bills).toHaveLength(1);
    expect(String(bills[0]?.headers['ce_causationid'])).toBe(envelope.id);
    expect(String(bills[0]?.headers['ce_correlationid'])).toBe(envelope.correlationId);
    await until(() => heard.length > 0);
    expect(heard).toEqual(['a']);
  });

  it('lets what is published on the bus inside a handler share the fate of the handler', async () => {
    const where: string[] = [];
    const application: TestApplication = await start({
      events,
      store: makeStore(),
      processors: [
        billing(
          async (event, ctx) => {
            const receipt = await application.bus.publish(new OrderBilled({ orderId: event.orderId, amount: ctx.attempt }));
            where.push(receipt.where);
            if (ctx.attempt === 1) throw new Error('once');
          },
          { onError: [retry({ attempts: 2, backoffMs: 1 })] },
        ),
      ],
    });
    await application.bus.publish(placed('a'));
    await application.caughtUp('billing');
    expect(where).toEqual(['handler', 'handler']);
    const bills = await application.records('bills');
    expect(bills.map(({ value }) => String(value))).toEqual(['{"orderId":"a","amount":2}']);
  });

  it('refuses an invalid event inside the handler, where the bug is', async () => {
    const errors: unknown[] = [];
    const application = await start({
      events,
      store: makeStore(),
      processors: [
        billing((event, ctx) => {
          try {
            ctx.publish(new OrderBilled({ orderId: event.orderId, amount: 0.5 }));
          } catch (error) {
            errors.push(error);
          }
        }),
      ],
    });
    await application.bus.publish(placed('a'));
    await application.caughtUp('billing');
    expect(errors).toMatchObject([{ code: 'EVENT_INVALID' }]);
    expect(application.outcomes('billing')).toMatchObject({ handled: 1 });
  });

  it('stages no event that never leaves the process', async () => {
    const errors: unknown[] = [];
    const application = await start({
      events,
      store: makeStore(),
      processors: [
        billing((event, ctx) => {
          try {
            ctx.publish(new OrderSeen({ orderId: event.orderId }));
          } catch (error) {
            errors.push(error);
          }
        }),
      ],
    });
    await application.bus.publish(placed('a'));
    await application.caughtUp('billing');
    expect(errors).toMatchObject([{ code: 'WIRING_INVALID' }]);
  });

  it('lets nothing be published when the attempt is over', async () => {
    let late: EventContext | undefined;
    const application = await start({ events, store: makeStore(), processors: [billing((_event, ctx) => void (late = ctx))] });
    await application.bus.publish(placed('a'));
    await application.caughtUp('billing');
    expect(() => late?.publish(new OrderBilled({ orderId: 'a', amount: 1 }))).toThrow(/ATTEMPT_OVER/);
    expect(() => late?.transaction(() => undefined)).toThrow(/ATTEMPT_OVER/);
  });

  it('begins where `from` says, once; later it goes on where it was', async () => {
    const store = makeStore();
    const seen: number[] = [];
    const first = await start({ events, processors: [] });
    await first.bus.publish(placed('a', 1));
    const latest = () => billing((event) => void seen.push(event.amount), { from: 'latest' });
    const second = await start({ events, store, prefix: first.prefix, processors: [latest()] });
    await second.caughtUp('billing');
    await second.bus.publish(placed('a', 2));
    await second.caughtUp('billing');
    await second.manager.stop();
    await second.bus.publish(placed('a', 3));
    await second.manager.start();
    await second.caughtUp('billing');
    expect(seen).toEqual([2, 3]);
  });
});
