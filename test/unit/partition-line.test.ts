import { describe, expect, it } from 'vitest';

import type { Handled } from '../../src/inbound/line-options.js';
import { Abandoned, BeginAgain } from '../../src/inbound/scope.js';
import { HANDLED, setUp } from '../support/line.js';
import { deferred, inRecord, settleDown } from '../support/records.js';

describe('A line of records', () => {
  it('begins the next record only when the one before was handled', async () => {
    const { line, begun, end, claim } = setUp();
    void line.accept([inRecord(0), inRecord(1), inRecord(2)]);
    expect(begun).toEqual([0]);
    await end(0);
    expect(begun).toEqual([0, 1]);
    await end(1);
    await end(2);
    expect(begun).toEqual([0, 1, 2]);
    expect(claim.offsets).toEqual([1, 2, 3]);
  });

  it('with concurrency handles different keys side by side and one key in order', async () => {
    const { line, begun, end } = setUp({ concurrency: 2 });
    void line.accept([
      inRecord(0, { keyText: 'a' }),
      inRecord(1, { keyText: 'a' }),
      inRecord(2, { keyText: 'b' }),
      inRecord(3, { keyText: 'c' }),
    ]);
    expect(begun).toEqual([0, 2]);
    await end(2);
    expect(begun).toEqual([0, 2, 3]);
    await end(0);
    expect(begun).toEqual([0, 2, 3, 1]);
  });

  it('lets the offset move to the lowest unsettled record, whatever ends first', async () => {
    const { line, end, claim } = setUp({ concurrency: 3 });
    void line.accept([0, 1, 2].map((n) => inRecord(n, { keyText: `k${n}` })));
    await end(2);
    await end(1);
    expect(claim.offsets).toEqual([]);
    await end(0);
    expect(claim.offsets).toEqual([3]);
  });

  it('does not let the offset move before what a record sends is safe, but begins the next one', async () => {
    const { line, begun, end, claim } = setUp();
    const safe = deferred<void>();
    void line.accept([inRecord(0), inRecord(1)]);
    await end(0, { outcome: 'handled', safe: safe.promise });
    await end(1);
    expect(begun).toEqual([0, 1]);
    expect(claim.offsets).toEqual([]);
    safe.resolve();
    await settleDown();
    expect(claim.offsets).toEqual([2]);
  });

  it('rests while too many records are in flight', async () => {
    const { line, end } = setUp({ maxInFlight: 2 });
    let room = false;
    void line.accept([inRecord(0), inRecord(1)]).then(() => (room = true));
    await settleDown();
    expect(room).toBe(false);
    await end(0);
    expect(room).toBe(true);
  });

  it('handles thousands of records that need no promise without starving the event loop', async () => {
    const { line, books, claim } = setUp({ handle: () => HANDLED, maxInFlight: 10_000 });
    let turns = 0;
    const ticking = setInterval(() => turns++, 0);
    void line.accept(Array.from({ length: 5_000 }, (_, n) => inRecord(n)));
    while (books().handled < 5_000) await settleDown();
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(0);
    expect(claim.offsets.at(-1)).toBe(5_000);
  });

  it('begins nothing after the partition is taken away, and counts what it lets finish', async () => {
    const { line, begun, end, claim, books } = setUp();
    void line.accept([inRecord(0), inRecord(1)]);
    claim.revoke();
    const drained = line.drain(60_000);
    await end(0);
    await drained;
    expect(begun).toEqual([0]);
    expect(claim.offsets).toEqual([1]);
    expect(books()).toMatchObject({ delivered: 1, handled: 1, abandoned: 0, inFlight: 0 });
  });

  it('abandons what has not ended by the deadline of a drain, and its late end has no effect', async () => {
    const { line, end, claim, books } = setUp();
    void line.accept([inRecord(0)]);
    claim.revoke();
    await line.drain(1);
    expect(books()).toMatchObject({ delivered: 1, abandoned: 1, inFlight: 0 });
    await end(0);
    expect(claim.offsets).toEqual([]);
    expect(books()).toMatchObject({ delivered: 1, handled: 0, abandoned: 1 });
  });

  it('takes no more records once it was abandoned', async () => {
    const { line, begun } = setUp();
    line.abandon();
    await line.accept([inRecord(0)]);
    expect(begun).toEqual([]);
  });

  it('begins again at the first unsettled record after the store failed, in the same order', async () => {
    const commit = deferred<void>();
    let broken = true;
    const { line, begun, restarts, books, claim } = setUp({
      handle: (record) => ({ outcome: 'handled', safe: record.offset > 0 && broken ? commit.promise : undefined }),
    });
    void line.accept([0, 1, 2, 3].map((n) => inRecord(n)));
    expect(begun).toEqual([0, 1, 2, 3]);
    broken = false;
    commit.reject(new BeginAgain(new Error('disk full')));
    while (claim.offsets.at(-1) !== 4) await settleDown();
    expect(restarts).toHaveLength(1);
    expect(begun).toEqual([0, 1, 2, 3, 1, 2, 3]);
    expect(books()).toMatchObject({ delivered: 7, handled: 4, abandoned: 3, inFlight: 0 });
  });

  it('leaves no record lying that gave itself up though nobody had closed the line', async () => {
    let attempts = 0;
    const { line, claim, books } = setUp({
      handle: () => {
        if (attempts++ === 0) throw new Abandoned();
        return HANDLED;
      },
    });
    void line.accept([inRecord(0), inRecord(1)]);
    while (claim.offsets.at(-1) !== 2) await settleDown();
    expect(books()).toMatchObject({ delivered: 3, handled: 2, abandoned: 1 });
  });

  it('waits for a handler that still runs before it begins again', async () => {
    const slow = deferred<Handled>();
    const { line, begun, restarts } = setUp({
      concurrency: 2,
      handle: (record) => {
        if (record.offset === 0) return slow.promise;
        const first = restarts.length === 0;
        return {
          outcome: 'handled',
          safe: first ? Promise.reject(new BeginAgain(new Error('disk full'))) : new Promise<void>(() => undefined),
        };
      },
    });
    void line.accept([inRecord(0, { keyText: 'slow' }), inRecord(1, { keyText: 'quick' })]);
    await settleDown();
    expect(restarts).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 100)); // longer than the pause before it begins again
    expect(begun).toEqual([0, 1]);
    slow.resolve(HANDLED);
    while (begun.length < 3) await settleDown();
    expect(begun).toEqual([0, 1, 1]);
    line.abandon();
  });

  it('stops at a record that failed for good: the offset stays before it', async () => {
    const failure = new Error('the policy is to stop');
    const { line, failures, claim, begun, books } = setUp({
      handle: (record) => {
        if (record.offset === 1) throw failure;
        return HANDLED;
      },
    });
    void line.accept([0, 1, 2].map((n) => inRecord(n)));
    await line.drain(1_000);
    expect(failures).toEqual([failure]);
    expect(begun).toEqual([0, 1]);
    expect(claim.offsets).toEqual([1]);
    expect(books()).toMatchObject({ delivered: 2, handled: 1, abandoned: 1 });
  });

  it('ends a pause as soon as the partition is taken away', async () => {
    const { line, claim, books } = setUp({
      handle: (_, scope) =>
        new Promise((_resolve, reject) => {
          scope.closing.addEventListener('abort', () => reject(new Abandoned()));
        }),
    });
    void line.accept([inRecord(0)]);
    claim.revoke();
    await line.drain(60_000);
    expect(books()).toMatchObject({ delivered: 1, abandoned: 1 });
  });

  it('says which record is the first that is not settled, and since when, until it is being given away', async () => {
    const { line, end } = setUp({ concurrency: 2 });
    expect(line.unsettled).toBeUndefined();
    const began = Date.now();
    void line.accept([inRecord(0, { keyText: 'a' }), inRecord(1, { keyText: 'b' }), inRecord(2, { keyText: 'c' })]);
    const first = line.unsettled!;
    expect(first).toMatchObject({ partition: 0, offset: 0 });
    expect(first.since).toBeGreaterThanOrEqual(began);

    // Those behind it do not count: the offset cannot move past it.
    while (Date.now() === first.since) await settleDown();
    await end(1);
    expect(line.unsettled).toEqual(first);
    await end(0);
    expect(line.unsettled).toMatchObject({ offset: 2 });
    expect(line.unsettled!.since).toBeGreaterThan(first.since);
    line.close();
    expect(line.unsettled).toBeUndefined();
  });
});
