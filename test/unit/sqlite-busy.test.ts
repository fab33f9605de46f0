import { expect, test } from 'vitest';

import { BusyWait } from '../../src/store/sqlite/busy.js';

const busy = Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });

test('a lock is awaited in short growing pauses that differ, for 30 seconds', () => {
  const wait = new BusyWait();
  const pauses: number[] = [];
  for (let pause = wait.next(busy); pause !== undefined; pause = wait.next(busy)) pauses.push(pause);
  expect(pauses[0]).toBeLessThanOrEqual(1);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(50);
  expect(new Set(pauses.slice(10)).size).toBeGreaterThan(100);
  const total = pauses.reduce((sum, pause) => sum + pause, 0);
  expect(total).toBeGreaterThanOrEqual(30_000);
  expect(total).toBeLessThan(30_100);
});

test('nothing else is awaited, nor a statement of the same connection that was not finished', () => {
  const wait = new BusyWait();
  expect(wait.next(new Error('database is locked'))).toBeUndefined();
  expect(wait.next(Object.assign(new Error('constraint failed'), { errcode: 787 }))).toBeUndefined();
  const unfinished = Object.assign(new Error('cannot commit transaction - SQL statements in progress'), { rawCode: 5 });
  expect(wait.next(unfinished)).toBeUndefined();
  expect(wait.next(Object.assign(new Error('database is locked'), { errcode: 517 }))).toBeDefined();
});
