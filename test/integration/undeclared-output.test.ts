import { describe, expect, it } from 'vitest';

import type { EventContext } from '../../src/bus/event-context.js';
import { fail, onErrorOf, retry } from '../../src/policy/policy.js';
import type { TestApplication } from '../support/application.js';
import { applications, billing, placed, withAndWithoutStore } from '../support/billing.js';
import { OrderBilled, OrderPlaced } from '../support/events.js';
import { until } from '../support/application.js';

const start = applications();
const events = [OrderPlaced, OrderBilled];

const bill = ({ orderId }: OrderPlaced): OrderBilled => new OrderBilled({ orderId, amount: 1 });

const ways: [string, (event: OrderPlaced, ctx: EventContext, application: TestApplication) => void | Promise<unknown>][] = [
  ['with ctx.publish', (event, ctx) => void ctx.publish(bill(event))],
  ['with bus.publish', (event, _ctx, { bus }) => bus.publish(bill(event))],
  ['with bus.publishAll', (event, _ctx, { bus }) => bus.publishAll([bill(event)])],
];

describe.each(withAndWithoutStore)('A processor %s that publishes what it does not declare', (_, makeStore) => {
  it.each(ways)(
    'is told how to declare it, %s; the record is kept as a dead letter at the first attempt, nothing is sent',
    async (_way, publish) => {
      const attempts: number[] = [];
      const application: TestApplication = await start({
        events,
        store: makeStore(),
        processors: [
          billing(
            async (event, ctx) => {
              attempts.push(ctx.attempt);
              await publish(event, ctx, application);
            },
            { publishes: [], onError: [retry({ attempts: 5, backoffMs: 1 })] },
          ),
        ],
      });
      await application.bus.publish(placed('a'));
      await application.caughtUp('billing');
      expect(attempts).toEqual([1]);
      expect(await application.records('bills')).toEqual([]);
      const [letter] = await application.records('orders.dead-letter');
      expect(String(letter?.headers['x-dlq-code'])).toBe('UNDECLARED_OUTPUT');
      expect(String(letter?.headers['x-dlq-reason'])).toContain(
        'processor billing publishes OrderBilled and does not say so: write `publishes: [OrderBilled]` in its @ProcessorOptions',
      );
    },
  );

  it('is told so in a work of its transaction too, where there is one', async () => {
    const store = makeStore();
    if (store === undefined) return;
    const application = await start({
      events,
      store,
      processors: [billing((event, ctx) => ctx.transaction(() => void ctx.publish(bill(event))), { publishes: [OrderPlaced] })],
    });
    await application.bus.publish(placed('a'));
    await application.caughtUp('billing');
    expect(application.outcomes('billing')).toMatchObject({ deadLettered: 1, handled: 0 });
    const [letter] = await application.records('orders.dead-letter');
    expect(String(letter?.headers['x-dlq-reason'])).toContain('`publishes: [OrderPlaced, OrderBilled]`');
  });

  it('keeps all events of one publishAll back, also when the handler swallows the rejection', async () => {
    const refused: unknown[] = [];
    const application: TestApplication = await start({
      events,
      store: makeStore(),
      processors: [
        billing(
          async (event) => {
            await application.bus.publishAll([bill(event), placed('b')]).catch((error: unknown) => refused.push(error));
          },
          { publishes: [OrderBilled] },
        ),
      ],
    });
    await application.bus.publish(placed('a'));
    await application.caughtUp('billing');
    expect(refused).toMatchObject([{ code: 'UNDECLARED_OUTPUT' }]);
    expect(await application.records('bills')).toEqual([]);
  });

  it('ends as its policy ends, without another attempt', async () => {
    const attempts: number[] = [];
    const application = await start({
      events,
      store: makeStore(),
      processors: [
        billing(
          (event, ctx) => {
            attempts.push(ctx.attempt);
            ctx.publish(bill(event));
          },
          { publishes: [], onError: [onErrorOf(Error, retry({ attempts: 3, backoffMs: 1, otherwise: fail() }))] },
        ),
      ],
    });
    await application.bus.publish(placed('a'));
    await until(() => application.manager.runner('billing').status().state === 'failed');
    expect(attempts).toEqual([1]);
  });
});
