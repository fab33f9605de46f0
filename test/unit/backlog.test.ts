import { describe, expect, it } from 'vitest';

import { Backlog } from '../../src/service/backlog.js';
import { settleDown } from '../support/records.js';

describe('the backlog', () => {
  function backlog(records: number) {
    const held = { records: 0, bytes: 0 };
    return { held, backlog: new Backlog({ records, bytes: 100 }, () => held) };
  }
  const late = (): number => Date.now() + 60_000;

  it('lets in as many records as it may hold, those on their way to the log counted', async () => {
    const { held, backlog: line } = backlog(2);
    await line.enter(late());
    await line.enter(late());
    const order: number[] = [];
    const waiting = [1, 2].map((number) => line.enter(late()).then(() => order.push(number)));
    held.records = 1;
    line.arrived();
    await settleDown();
    expect(order).toEqual([]);

    held.records = 0;
    line.lookAgain();
    await Promise.all(waiting.slice(0, 1));
    expect(order).toEqual([1]);
    line.arrived();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2]);
  });

  it('is full of bytes too', async () => {
    const { held, backlog: line } = backlog(10);
    held.bytes = 100;
    const waiting = line.enter(late());
    expect(line.isEmpty).toBe(false);
    held.bytes = 99;
    line.lookAgain();
    await waiting;
  });

  it('refuses at the deadline, and everybody when it is closed', async () => {
    const { held, backlog: line } = backlog(1);
    held.records = 1;
    const full = { code: 'BUFFER_FULL', retriable: true };
    const closed = { code: 'BUS_CLOSED' };
    const waiting = expect(line.enter(late())).rejects.toMatchObject(closed);
    await expect(line.enter(Date.now() - 1)).rejects.toMatchObject(full);
    line.close();
    await waiting;
    await expect(line.enter(late())).rejects.toMatchObject(closed);
    expect(line.isEmpty).toBe(true);
  });
});
