import { describe, expect, it } from 'vitest';

import { Abandoned, BeginAgain, pause, ProcessorFailed } from '../../src/inbound/scope.js';
import { HANDLED, setUp } from '../support/line.js';
import { deferred, inRecord, settleDown } from '../support/records.js';

const LONG_MS = 60_000;

describe('A line of records that is paused', () => {
  it('begins nothing, lets end what runs, and goes on in the order of each key', async () => {
    const { line, begun, end, claim, books } = setUp({ concurrency: 2 });
    void line.accept([
      inRecord(0, { keyText: 'a' }),
      inRecord(1, { keyText: 'a' }),
      inRecord(2, { keyText: 'b' }),
      inRecord(3, { keyText: 'b' }),
    ]);
    const paused = line.pause(LONG_MS);
    await end(0);
    await end(2);
    await paused;
    expect(begun).toEqual([0, 2]);
    expect(claim.offsets).toEqual([1]);
    expect(line.inFlight).toEqual([]);
    expect(line.unsettled).toBeUndefined();
    line.resume();
    await settleDown();
    expect(begun).toEqual([0, 2, 1, 3]);
    await end(1);
    await end(3);
    expect(claim.offsets).toEqual([1, 3, 4]);
    expect(books()).toMatchObject({ delivered: 4, handled: 4, abandoned: 0, inFlight: 0 });
  });

  it('takes no further records before it is resumed, however much room there is', async () => {
    const { line, begun } = setUp();
    await line.pause(LONG_MS);
    let taken = false;
    void line.accept([inRecord(0)]).then(() => (taken = true));
    await settleDown();
    expect({ taken, begun }).toEqual({ taken: false, begun: [] });
    line.resume();
    await settleDown();
    expect({ taken, begun }).toEqual({ taken: true, begun: [0] });
  });

  it('ends the wait between two attempts at once, and delivers that record first when it is resumed', async () => {
    const { line, begun, books, claim } = setUp({
      handle: async (_, scope) => {
        if (books().delivered === 1) await pause(LONG_MS, scope.closing);
        return HANDLED;
      },
    });
    void line.accept([inRecord(0), inRecord(1)]);
    await line.pause(LONG_MS);
    await settleDown();
    expect(books()).toMatchObject({ delivered: 1, abandoned: 1, inFlight: 0 });
    line.resume();
    while (claim.offsets.at(-1) !== 2) await settleDown();
    expect(begun).toEqual([0, 0, 1]);
    expect(books()).toMatchObject({ delivered: 3, handled: 2, abandoned: 1, inFlight: 0 });
  });

  it('leaves running what does not end in time, names it, and begins nothing beside it', async () => {
    const { line, begun, end, claim, books } = setUp();
    void line.accept([inRecord(0), inRecord(1)]);
    await line.pause(1);
    expect(line.inFlight).toMatchObject([{ offset: 0 }]);
    line.resume();
    await settleDown();
    expect(begun).toEqual([0]);
    await end(0);
    expect(begun).toEqual([0, 1]);
    expect(claim.offsets).toEqual([1]);
    expect(books()).toMatchObject({ delivered: 2, handled: 1, abandoned: 0, inFlight: 1 });
  });

  it('settles what was left running when it ends during the pause', async () => {
    const { line, begun, end, claim } = setUp();
    void line.accept([inRecord(0), inRecord(1)]);
    await line.pause(1);
    await end(0);
    expect(claim.offsets).toEqual([1]);
    expect(begun).toEqual([0]);
  });

  it('ends as the last call says, and begins no record twice over it', async () => {
    const { line, begun, end } = setUp();
    void line.accept([inRecord(0), inRecord(1)]);
    void line.pause(LONG_MS);
    line.resume();
    const paused = line.pause(LONG_MS);
    await end(0);
    await paused;
    await settleDown();
    expect(begun).toEqual([0]);
    line.resume();
    void line.pause(LONG_MS);
    line.resume();
    await settleDown();
    expect(begun).toEqual([0, 1]);
  });

  it('waits for what is sent and for the store before it has paused', async () => {
    const { line, end } = setUp();
    const safe = deferred<void>();
    void line.accept([inRecord(0)]);
    await end(0, { outcome: 'handled', safe: safe.promise });
    let paused = false;
    void line.pause(LONG_MS).then(() => (paused = true));
    await settleDown();
    expect(paused).toBe(false);
    safe.resolve();
    await settleDown();
    expect(paused).toBe(true);
  });

  it('begins again where the store failed when it is resumed, and says so', async () => {
    const { line, begun, restarts, running, books } = setUp();
    void line.accept([inRecord(0), inRecord(1)]);
    const paused = line.pause(LONG_MS);
    const full = new Error('disk full');
    running.get(0)?.reject(new BeginAgain(full));
    await paused;
    await settleDown();
    expect(restarts).toEqual([full]);
    expect(begun).toEqual([0]);
    expect(books()).toMatchObject({ delivered: 1, abandoned: 1, inFlight: 0 });
    line.resume();
    await settleDown();
    expect(begun).toEqual([0, 0]);
  });

  it('stays paused when the store failed before', async () => {
    let failures = 0;
    const { line, begun } = setUp({
      handle: () => {
        if (failures++ === 0) throw new BeginAgain(new Error('disk full'));
        return HANDLED;
      },
    });
    void line.accept([inRecord(0)]);
    await line.pause(LONG_MS);
    await new Promise((resolve) => setTimeout(resolve, 100)); // longer than the wait before it begins again
    expect(begun).toEqual([0]);
    line.resume();
    while (begun.length < 2) await settleDown();
  });

  it('fails at a record that fails for good meanwhile', async () => {
    const { line, failures, running, claim } = setUp();
    void line.accept([inRecord(0), inRecord(1)]);
    const paused = line.pause(LONG_MS);
    const failure = new ProcessorFailed(new Error('wrong'), 'orders/0');
    running.get(0)?.reject(failure);
    await paused;
    expect(failures).toEqual([failure]);
    expect(claim.offsets).toEqual([]);
  });

  it('can be taken away, and is not resumed after that', async () => {
    const { line, begun, claim, running, books } = setUp({ concurrency: 2 });
    void line.accept([inRecord(0, { keyText: 'a' }), inRecord(1, { keyText: 'b' }), inRecord(2, { keyText: 'c' })]);
    void line.pause(LONG_MS);
    running.get(0)?.reject(new Abandoned());
    claim.revoke();
    await line.drain(1);
    line.resume();
    await settleDown();
    expect(begun).toEqual([0, 1]);
    expect(books()).toMatchObject({ delivered: 2, abandoned: 2, inFlight: 0 });
  });
});
