import { describe, expect, it } from 'vitest';

import type { EventContext } from '../../src/bus/event-context.js';
import { deadLetter } from '../../src/policy/policy.js';
import { withAndWithoutStore } from '../support/billing.js';
import { OrderBilled, type OrderPlaced } from '../support/events.js';
import { eventually, order, Processing, type ProcessingOptions } from '../support/processing.js';
import { deferred, settleDown } from '../support/records.js';

const bill = (event: OrderPlaced, ctx: EventContext): void =>
  void ctx.publish(new OrderBilled({ orderId: event.orderId, amount: event.amount }));

describe.each(withAndWithoutStore)('Copies of an event %s', (_, makeStore) => {
  const processing = async (options: ProcessingOptions): Promise<Processing> => {
    const store = makeStore();
    await store?.open();
    return new Processing({ ...options, store });
  };

  it('without a key: the second waits for what the first one sends, and sends nothing again', async () => {
    const gate = deferred<void>();
    const billing = await processing({ handle: bill, sending: () => gate.promise });
    const { claim, line } = billing.assign();
    void line.accept([order(0, { id: 'twice' }), order(1, { id: 'twice' }), order(2)]);
    await settleDown();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(claim.offsets).toEqual([]);
    gate.resolve();
    await eventually(() => claim.offsets.at(-1) === 3);
    expect(billing.sent).toHaveLength(2);
    expect(billing.books()).toMatchObject({ delivered: 3, handled: 2, duplicate: 1 });
  });

  it('in two partitions: the second waits for what the first one sends, and sends nothing again', async () => {
    const gate = deferred<void>();
    const billing = await processing({ handle: bill, sending: () => gate.promise });
    const [one, other] = [billing.assign(), billing.assign()];
    void one.line.accept([order(0, { id: 'twice', key: 'a' })]);
    await settleDown();
    void other.line.accept([{ ...order(0, { id: 'twice', key: 'b' }), partition: 1 }]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(other.claim.offsets).toEqual([]);
    gate.resolve();
    await eventually(() => one.claim.offsets.length > 0 && other.claim.offsets.length > 0);
    expect(billing.sent).toHaveLength(1);
    expect(billing.books()).toMatchObject({ delivered: 2, handled: 1, duplicate: 1 });
  });

  it('of which the first was taken away before what it staged was sent: the second sends it', async () => {
    let lost = true;
    const billing = await processing({
      handle: bill,
      sending: (_record, scope) =>
        lost
          ? new Promise((_resolve, reject) => scope.over.addEventListener('abort', () => reject(new Error('the claim is over'))))
          : Promise.resolve(),
    });
    const [one, other] = [billing.assign(), billing.assign()];
    void one.line.accept([order(0, { id: 'twice', key: 'a' })]);
    await settleDown();
    void other.line.accept([{ ...order(0, { id: 'twice', key: 'b' }), partition: 1 }]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    lost = false;
    one.line.abandon();
    await eventually(() => other.claim.offsets.length > 0);
    expect(billing.sent).toHaveLength(1);
    expect(one.claim.offsets).toEqual([]);
  });

  it('that fail one right behind the other leave one dead letter each', async () => {
    const billing = await processing({
      handle: () => {
        throw new Error('always');
      },
      policies: [deadLetter()],
    });
    const { claim, line } = billing.assign();
    void line.accept([order(0, { id: 'twice', key: 'a' }), order(1, { id: 'twice', key: 'a' })]);
    await eventually(() => claim.offsets.at(-1) === 2);
    expect(billing.sent.map(({ headers }) => headers['x-dlq-offset'])).toEqual(['0', '1']);
    expect(billing.books()).toMatchObject({ delivered: 2, deadLettered: 2 });
  });

  it('and other events of one key are sent in their order, however long one takes', async () => {
    const gate = deferred<void>();
    const billing = await processing({
      handle: bill,
      sending: ({ value }) => (String(value).includes('"amount":0') ? gate.promise : Promise.resolve()),
    });
    const { claim, line } = billing.assign();
    void line.accept([order(0, { key: 'a' }), order(1, { key: 'a' }), order(2, { key: 'b' })]);
    await eventually(() => billing.sent.length > 0);
    await settleDown();
    expect(billing.sent.map(({ key }) => String(key))).toEqual(['b']);
    gate.resolve();
    await eventually(() => claim.offsets.at(-1) === 3);
    expect(billing.sent.map(({ value }) => (JSON.parse(String(value)) as { amount: number }).amount)).toEqual([2, 0, 1]);
  });
});
