import { describe, expect, it } from 'vitest';

import { deadLetter } from '../../src/policy/policy.js';
import { until } from '../support/application.js';
import { applications, billing, newStore, placed } from '../support/billing.js';
import { OrderBilled, OrderPlaced } from '../support/events.js';

const start = applications();
const events = [OrderPlaced, OrderBilled];

describe('The effects of a handler', () => {
  it('happen in one transaction with what it publishes, or not at all', async () => {
    const store = newStore();
    const application = await start({
      events,
      store,
      processors: [
        billing(
          (event, ctx) => {
            ctx.transaction((tx) => void tx.run('insert into bills values (?, ?)', event.orderId, event.amount));
            ctx.transaction((tx) => {
              const row = tx.get<{ total: number }>('select sum(amount) as total from bills');
              ctx.publish(new OrderBilled({ orderId: event.orderId, amount: row?.total ?? 0 }));
              if (event.amount === 13) throw new Error('unlucky');
            });
          },
          { onError: [deadLetter()] },
        ),
      ],
    });
    await store.transaction((tx) => tx.run('create table bills (id text, amount integer)'));
    await application.bus.publishAll([placed('a', 1), placed('a', 13), placed('a', 2)]);
    await application.caughtUp('billing');
    expect(await store.read('select * from bills')).toEqual([
      { id: 'a', amount: 1 },
      { id: 'a', amount: 2 },
    ]);
    const bills = await application.records('bills');
    expect(bills.map(({ value }) => String(value))).toEqual(['{"orderId":"a","amount":1}', '{"orderId":"a","amount":3}']);
    expect(application.outcomes('billing')).toMatchObject({ handled: 2, deadLettered: 1 });
  });

  it('need a store, and the error says so', async () => {
    const errors: unknown[] = [];
    const application = await start({
      events,
      processors: [
        billing((_event, ctx) => {
          try {
            ctx.transaction(() => undefined);
          } catch (error) {
            errors.push(error);
          }
        }),
      ],
    });
    await application.bus.publish(placed('a'));
    await application.caughtUp('billing');
    expect(errors).toMatchObject([{ code: 'STORE_MISSING' }]);
  });

  it('of a work that returns a promise are rolled back', async () => {
    const store = newStore();
    const application = await start({
      events,
      store,
      processors: [
        billing(
          (event, ctx) => {
            ctx.transaction(async (tx) => {
              tx.run('insert into bills values (?, ?)', event.orderId, event.amount);
              await Promise.resolve();
            });
          },
          { onError: [deadLetter()] },
        ),
      ],
    });
    await store.transaction((tx) => tx.run('create table bills (id text, amount integer)'));
    await application.bus.publish(placed('a'));
    await application.caughtUp('billing');
    expect(await store.read('select * from bills')).toEqual([]);
    const [letter] = await application.records('orders.dead-letter');
    expect(String(letter?.headers['x-dlq-code'])).toBe('TRANSACTION_ASYNC');
  });

  it('are not repeated because an offset was lost: the processor stops and says what the choices are', async () => {
    const store = newStore();
    const application = await start({ events, store, processors: [billing(() => undefined)] });
    await application.bus.publish(placed('a'));
    await application.caughtUp('billing');
    await application.manager.stop();
    // Another group of which the store remembers that it had begun, and Kafka nothing.
    await store.declare(`${application.prefix}.other.billing`, application.topics.topic('orders'), [0, 1, 2]);
    for (const partition of [0, 1, 2])
      await store.started(`${application.prefix}.other.billing`, application.topics.topic('orders'), partition);
    const other = await start({ events, store, prefix: application.prefix, service: 'other', processors: [billing(() => undefined)] });
    await until(() => other.manager.runner('billing').status().state === 'failed');
    expect(other.manager.runner('billing').status().error).toMatchObject({
      code: 'OFFSETS_LOST',
      message: expect.stringContaining('is dropped as duplicate while the inbox keeps it') as string,
    });
    expect(other.outcomes('billing')).toMatchObject({ delivered: 0 });
  });
});
