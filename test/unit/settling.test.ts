import { getEventListeners } from 'node:events';

import { describe, expect, it } from 'vitest';

import type { EventContext } from '../../src/bus/event-context.js';
import { JsonCodec } from '../../src/codec/json.js';
import { BusbarError } from '../../src/errors.js';
import { deadLetter, onErrorOf, retry, skip } from '../../src/policy/policy.js';
import { withAndWithoutStore } from '../support/billing.js';
import { OrderBilled, type OrderPlaced } from '../support/events.js';
import { eventually, order, Processing, type ProcessingOptions } from '../support/processing.js';
import { deferred } from '../support/records.js';

const bill = (event: OrderPlaced, ctx: EventContext): void =>
  void ctx.publish(new OrderBilled({ orderId: event.orderId, amount: event.amount }));

describe.each(withAndWithoutStore)('Settling %s', (_, makeStore) => {
  const processing = async (options: ProcessingOptions): Promise<Processing> => {
    const store = makeStore();
    await store?.open();
    return new Processing({ ...options, store });
  };

  it('leaves nothing behind on the scope of the partition when a handler has looked at its signal', async () => {
    const billing = await processing({ handle: (_event, ctx) => void ctx.signal });
    const { claim, line } = billing.assign();
    void line.accept(Array.from({ length: 10 }, (_unused, n) => order(n)));
    await eventually(() => claim.offsets.at(-1) === 10);
    const [scope, ...others] = billing.scopes;
    expect(others).toEqual([]);
    expect(getEventListeners(scope!.over, 'abort')).toEqual([]);
  });

  it.each([
    ['an object without prototype', () => Object.create(null) as unknown],
    ['nothing', () => undefined],
    ['a frozen error', () => Object.freeze(new Error('frozen'))],
    ['a symbol', () => Symbol('odd')],
    [
      'an error whose message throws',
      () =>
        Object.defineProperty(new Error('x'), 'message', {
          get: () => {
            throw new Error('no message');
          },
        }),
    ],
    [
      'an object that cannot be printed',
      () => ({
        toString: () => {
          throw new Error('no text');
        },
      }),
    ],
  ])('dead-letters a record whose handler throws %s', async (_what, thrown) => {
    const billing = await processing({
      handle: () => {
        throw thrown();
      },
      policies: [retry({ attempts: 2, backoffMs: 0 })],
    });
    const { claim, line } = billing.assign();
    void line.accept([order(0), order(1)]);
    await eventually(() => claim.offsets.at(-1) === 2 || billing.failures.length > 0);
    expect(billing.failures).toEqual([]);
    expect(billing.books()).toMatchObject({ delivered: 2, deadLettered: 2 });
  });

  it('takes a thenable that is no promise for what the handler waits for', async () => {
    const billing = await processing({
      handle: (event) =>
        ({
          // oxlint-disable-next-line unicorn/no-thenable -- what a library without native promises would give
          then(resolve: () => void, reject: (error: unknown) => void) {
            if (event.amount === 0) setTimeout(resolve, 1);
            else setTimeout(() => reject(new Error('thenable')), 1);
          },
        }) as unknown as Promise<void>,
      policies: [skip()],
    });
    const { claim, line } = billing.assign();
    void line.accept([order(0), order(1)]);
    await eventually(() => claim.offsets.at(-1) === 2);
    expect(billing.books()).toMatchObject({ delivered: 2, handled: 1, skipped: 1 });
  });

  it('dead-letters a record whose handler gives a thenable that cannot be looked at', async () => {
    const billing = await processing({
      handle: () =>
        // oxlint-disable-next-line unicorn/no-thenable -- what a library without native promises would give
        Object.defineProperty({}, 'then', {
          get: () => {
            throw new Error('no then');
          },
        }) as Promise<void>,
      policies: [deadLetter()],
    });
    const { claim, line } = billing.assign();
    void line.accept([order(0)]);
    await eventually(() => claim.offsets.at(-1) === 1 || billing.failures.length > 0);
    expect(billing.books()).toMatchObject({ delivered: 1, deadLettered: 1 });
  });

  it('stops at a record whose policy throws, and says both what failed and why nothing could be decided', async () => {
    const billing = await processing({
      handle: () => {
        throw new Error('the handler');
      },
      policies: [
        onErrorOf(() => {
          throw new Error('the predicate');
        }, skip()),
      ],
    });
    const { claim, line } = billing.assign();
    void line.accept([order(0)]);
    await eventually(() => billing.failures.length > 0);
    expect(claim.offsets).toEqual([]);
    const [{ errors }] = billing.failures as [AggregateError];
    expect(errors.map((error: Error) => error.message)).toEqual(['the handler', 'the predicate']);
  });

  it('begins no second attempt while the first still runs, though the partition was taken away and came back', async () => {
    const release = deferred<void>();
    const begun: number[] = [];
    const billing = await processing({
      handle: (event) => {
        begun.push(event.amount);
        return begun.length === 1 ? release.promise : undefined;
      },
    });
    const before = billing.assign();
    void before.line.accept([order(0)]);
    before.claim.revoke();
    await before.line.drain(1);
    const after = billing.assign();
    void after.line.accept([order(0), order(1)]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(begun).toEqual([0]);
    expect(billing.stuck).toEqual([0]);
    release.resolve();
    await eventually(() => after.claim.offsets.at(-1) === 2);
    expect(begun).toEqual([0, 0, 1]);
    expect(billing.books()).toMatchObject({ delivered: 3, handled: 2, abandoned: 1 });
  });

  it('loses nothing that a handler publishes late: it is sent, or the call throws', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const results: string[] = [];
      const billing = await processing({
        handle: async (event, ctx) => {
          bill(event, ctx);
          void (async () => {
            for (let turn = 0; turn < turns; turn++) await Promise.resolve();
            try {
              bill(event, ctx);
              results.push('published');
            } catch {
              results.push('refused');
            }
          })();
          await Promise.resolve();
        },
      });
      const { claim, line } = billing.assign();
      void line.accept([order(0)]);
      await eventually(() => claim.offsets.length > 0 && results.length > 0);
      expect([turns, billing.sent.length]).toEqual([turns, results[0] === 'published' ? 2 : 1]);
    }
  });

  it('begins nothing that was still being decoded when the partition was taken away', async () => {
    const decoded = deferred<void>();
    const json = new JsonCodec();
    const begun: number[] = [];
    const billing = await processing({
      handle: (event) => void begun.push(event.amount),
      codec: {
        contentType: json.contentType,
        reads: (contentType) => json.reads(contentType),
        encode: (contract, data) => json.encode(contract, data),
        decode: (contract, bytes) => decoded.promise.then(() => json.decode(contract, bytes)),
      },
    });
    const { claim, line } = billing.assign();
    void line.accept([order(0)]);
    claim.revoke();
    const drained = line.drain(60_000);
    decoded.resolve();
    await drained;
    expect(begun).toEqual([]);
    expect(billing.books()).toMatchObject({ delivered: 1, abandoned: 1 });
  });

  it('waits for a codec that answers with thenables which are no promises', async () => {
    const json = new JsonCodec();
    const later = <T>(value: T): Promise<T> =>
      // oxlint-disable-next-line unicorn/no-thenable -- what a library without native promises would give
      ({ then: (resolve: (value: T) => void) => void setTimeout(() => resolve(value), 1) }) as unknown as Promise<T>;
    const billing = await processing({
      handle: bill,
      codec: {
        contentType: json.contentType,
        reads: (contentType) => json.reads(contentType),
        encode: (contract, data) => later(json.encode(contract, data)),
        decode: (contract, bytes) => later(json.decode(contract, bytes)),
      },
    });
    const { claim, line } = billing.assign();
    void line.accept([order(0), order(1)]);
    await eventually(() => claim.offsets.at(-1) === 2);
    expect(billing.books()).toMatchObject({ delivered: 2, handled: 2 });
    expect(billing.sent).toHaveLength(2);
  });

  it('takes the late rejection of an asynchronous codec for a failure of the attempt', async () => {
    const json = new JsonCodec();
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    const billing = await processing({
      handle: async (event, ctx) => {
        bill(event, ctx);
        await new Promise((resolve) => setTimeout(resolve, 5));
      },
      codec: {
        contentType: json.contentType,
        reads: (contentType) => json.reads(contentType),
        encode: () => Promise.reject(new BusbarError('EVENT_INVALID', 'the registry refuses it')),
        decode: (contract, bytes) => json.decode(contract, bytes),
      },
      policies: [deadLetter()],
    });
    const { claim, line } = billing.assign();
    void line.accept([order(0)]);
    await eventually(() => claim.offsets.length > 0);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    expect(billing.sent.map(({ headers }) => headers['x-dlq-code'])).toEqual(['EVENT_INVALID']);
  });
});
