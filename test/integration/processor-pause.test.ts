import { afterEach, describe, expect, it } from 'vitest';

import type { Processor } from '../../src/processor/processor.js';
import { retry } from '../../src/policy/policy.js';
import { type TestApplication, until } from '../support/application.js';
import { applications, billing, newStore, placed, withAndWithoutStore } from '../support/billing.js';
import { OrderBilled, OrderPlaced } from '../support/events.js';
import { SHORT_SESSION_MS } from '../support/kafka.js';
import { deferred } from '../support/records.js';
import { application, stopApplications } from '../support/shop-application.js';

const start = applications();
const events = [OrderPlaced, OrderBilled];

const committed = async ({ manager }: TestApplication): Promise<number> =>
  (await manager.runner('billing').lag()).reduce((sum, { committed: offset }) => sum + (offset ?? 0), 0);

const numbered = (seen: readonly string[], id: string): number[] =>
  seen.filter((one) => one.startsWith(`${id}:`)).map((one) => Number(one.slice(id.length + 1)));

const ONE_TO_TEN = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

describe.each(withAndWithoutStore)('A processor %s that is paused', (_, makeStore) => {
  it('lets its handler end, commits, handles nothing, and goes on in order when it is resumed', async () => {
    const seen: string[] = [];
    const first = deferred<void>();
    const application = await start({
      events,
      store: makeStore(),
      partitions: 1,
      processors: [
        billing(async ({ orderId, amount }) => {
          seen.push(`${orderId}:${amount}`);
          if (seen.length === 1) await first.promise;
        }),
      ],
    });
    for (const n of [1, 2, 3]) await application.bus.publish(placed('a', n));
    await until(() => seen.length === 1);
    const paused = application.manager.pause('billing');
    first.resolve();
    await paused;
    expect(await committed(application)).toBe(1);
    for (const n of [4, 5]) await application.bus.publish(placed('a', n));
    expect(application.outcomes('billing')).toMatchObject({ delivered: 1, handled: 1, inFlight: 0 });

    application.manager.resume('billing');
    await application.caughtUp('billing');
    expect(numbered(seen, 'a')).toEqual([1, 2, 3, 4, 5]);
    expect(application.outcomes('billing')).toMatchObject({ delivered: 5, handled: 5, abandoned: 0 });
  });

  it('does not wait out the pause between two attempts', async () => {
    let attempts = 0;
    const application = await start({
      events,
      store: makeStore(),
      processors: [
        billing(
          () => {
            attempts++;
            if (attempts === 1) throw new Error('busy');
          },
          { onError: [retry({ attempts: 2, backoffMs: 600_000, maxBackoffMs: 600_000 })] },
        ),
      ],
    });
    await application.bus.publish(placed('a'));
    await until(() => attempts === 1);
    await application.manager.pause('billing');
    expect(application.outcomes('billing')).toMatchObject({ delivered: 1, abandoned: 1, inFlight: 0 });
    application.manager.resume('billing');
    await application.caughtUp('billing');
    expect(application.outcomes('billing')).toMatchObject({ delivered: 2, handled: 1, abandoned: 1 });
  });
});

describe('A processor that is paused', () => {
  it('stays a member for longer than a session, and loses no partition', async () => {
    const seen: string[] = [];
    const processor = billing(({ orderId, amount }) => void seen.push(`${orderId}:${amount}`));
    const revoked: unknown[] = [];
    processor.onPartitionsRevoked = (partitions) => void revoked.push(partitions);
    const application = await start({ events, processors: [processor], sessionTimeoutMs: SHORT_SESSION_MS });
    const publish = (n: number) => Promise.all(['a', 'b', 'c'].map((id) => application.bus.publish(placed(id, n))));
    for (const n of [1, 2, 3]) await publish(n);
    await application.caughtUp('billing');
    await application.manager.pause('billing');
    for (const n of [4, 5, 6]) await publish(n);
    await new Promise((resolve) => setTimeout(resolve, SHORT_SESSION_MS * 1.5));
    expect(application.manager.runner('billing').status()).toMatchObject({ state: 'paused', membership: { joined: true } });
    for (const n of [7, 8, 9, 10]) await publish(n);
    expect(seen).toHaveLength(9);
    expect(revoked).toEqual([]);

    application.manager.resume('billing');
    await application.caughtUp('billing');
    for (const id of ['a', 'b', 'c']) expect(numbered(seen, id)).toEqual(ONE_TO_TEN);
    expect(application.outcomes('billing')).toMatchObject({ delivered: 30, handled: 30, abandoned: 0 });
    expect(application.notices.map(({ code }) => code)).not.toContain('CONSUMER_RESTARTED');
  });

  it('shares with an instance that joins, and leaves waiting what it gets back when that one stops', async () => {
    const store = newStore();
    const seen: string[] = [];
    const ids = Array.from({ length: 12 }, (_, n) => `order-${n}`);
    const handling =
      (who: string): (() => Processor) =>
      () =>
        billing(({ orderId, amount }) => void seen.push(`${orderId}:${amount}:${who}`));
    const first = await start({ events, store, partitions: 4, processors: [handling('first')()], sessionTimeoutMs: 6_000 });
    const publish = (n: number) => Promise.all(ids.map((id) => first.bus.publish(placed(id, n))));
    await publish(1);
    await first.caughtUp('billing');
    await first.manager.pause('billing');
    await publish(2);

    const second = await start({ events, prefix: first.prefix, partitions: 4, processors: [handling('second')()] });
    const partitions = ({ manager }: TestApplication) => manager.runner('billing').status().partitions;
    await until(() => partitions(first).length === 2 && partitions(second).length === 2);
    const ofSecond = async () => {
      const lags = await second.manager.runner('billing').lag();
      return lags.filter(({ partition }) => partitions(second).some((mine) => mine.partition === partition));
    };
    await until(async () => (await ofSecond()).every(({ lag }) => lag === 0));
    expect(seen.filter((one) => one.endsWith(':first'))).toHaveLength(12);

    await second.manager.runner('billing').stop();
    await until(() => partitions(first).length === 4);
    await publish(3);
    expect(first.manager.runner('billing').status().state).toBe('paused');
    expect(seen.filter((one) => one.endsWith(':first'))).toHaveLength(12);

    first.manager.resume('billing');
    await first.caughtUp('billing');
    for (const id of ids) {
      const mine = seen.filter((one) => one.startsWith(`${id}:`)).map((one) => Number(one.split(':')[1]));
      expect(mine).toEqual([1, 2, 3]);
    }
    first.outcomes('billing');
    second.outcomes('billing');
  });

  it('is restarted at its first unsettled record', async () => {
    const seen: string[] = [];
    const application = await start({ events, processors: [billing(({ orderId, amount }) => void seen.push(`${orderId}:${amount}`))] });
    await application.bus.publish(placed('a', 1));
    await application.caughtUp('billing');
    await application.manager.pause('billing');
    await application.bus.publish(placed('a', 2));
    await application.manager.restart('billing');
    await application.caughtUp('billing');
    expect(seen).toEqual(['a:1', 'a:2']);
  });
});

describe('A service one of whose processors is paused', () => {
  afterEach(stopApplications);

  it('is well, says which one is paused and what lets it go on', async () => {
    const { service } = await application();
    await service.start();
    await service.processors.pause('orders');
    const health = await service.healthCheck();
    expect(health.ready).toBe(true);
    expect(health.checks.find(({ name }) => name === 'processor orders')).toMatchObject({
      status: 'green',
      message: "it is paused, as it was asked to: service.processors.resume('orders') lets it go on",
    });
    await service.stop();
    expect(service.state).toBe('stopped');
  });
});
