import { describe, expect, it } from 'vitest';

import { pause } from '../../src/inbound/scope.js';
import { withAndWithoutStore } from '../support/billing.js';
import { OrderBilled } from '../support/events.js';
import { eventually, order, Processing } from '../support/processing.js';
import { deferred } from '../support/records.js';

const LONG_MS = 60_000;

describe.each(withAndWithoutStore)('What the records of a key staged, %s,', (_, makeStore) => {
  /** The staged event of the first record cannot be sent while `outage.is`; the second handler ends when the test says so. */
  const billing = async () => {
    const store = makeStore();
    await store?.open();
    const outage = { is: true, met: false };
    const second = deferred<void>();
    const processing = new Processing({
      store,
      handle: async (event, ctx) => {
        if (event.amount === 1) await second.promise;
        ctx.publish(new OrderBilled({ orderId: event.orderId, amount: event.amount }));
      },
      sending: async ({ value }, scope) => {
        if (!outage.is || amountIn(value) !== 0) return;
        outage.met = true;
        await pause(LONG_MS, scope.closing);
      },
    });
    const amounts = () => processing.sent.map(({ value }) => amountIn(value));
    return { processing, outage, second, amounts, ...processing.assign() };
  };

  it('leaves in their order also when a pause finds the first waiting to be sent again', async () => {
    const { processing, line, claim, outage, second, amounts } = await billing();
    second.resolve();
    void line.accept([order(0, { key: 'a' }), order(1, { key: 'a' })]);
    await eventually(() => outage.met && processing.books().inFlight === 2);
    await line.pause(LONG_MS);
    expect(amounts()).toEqual([]);
    outage.is = false;
    line.resume();
    await eventually(() => claim.offsets.at(-1) === 2);
    expect(amounts()).toEqual([0, 1]);
  });

  it('leaves in their order also when the handler of the second ends after the first was given up', async () => {
    const { processing, line, claim, outage, second, amounts } = await billing();
    void line.accept([order(0, { key: 'a' }), order(1, { key: 'a' })]);
    await eventually(() => outage.met && processing.books().inFlight === 2);
    const paused = line.pause(LONG_MS);
    await eventually(() => line.inFlight.length === 2);
    second.resolve();
    await paused;
    expect(amounts()).toEqual([]);
    outage.is = false;
    line.resume();
    await eventually(() => claim.offsets.at(-1) === 2);
    expect(amounts()).toEqual([0, 1]);
  });

  it('stays here as a whole when the partition is taken away while the first cannot be sent', async () => {
    const { processing, line, outage, second, amounts } = await billing();
    second.resolve();
    void line.accept([order(0, { key: 'a' }), order(1, { key: 'a' })]);
    await eventually(() => outage.met && processing.books().inFlight === 2);
    await line.drain(LONG_MS);
    expect(amounts()).toEqual([]);
    expect(processing.books()).toMatchObject({ handled: 0, abandoned: 2 });
  });
});

function amountIn(value: Buffer | null): unknown {
  return (JSON.parse(String(value)) as { amount: unknown }).amount;
}
