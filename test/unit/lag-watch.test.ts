import { expect, it } from 'vitest';

import type { PartitionLag } from '../../src/inbound/lag.js';
import { LagWatch } from '../../src/service/lag-watch.js';
import { BusbarError } from '../../src/errors.js';
import { deferred } from '../support/records.js';

const groups = (lag: number) =>
  new Map<string, PartitionLag[]>([['orders', [{ topic: 't', partition: 0, committed: 1, end: 1 + lag, lag }]]]);

it('asks one question at a time, and remembers the answer', async () => {
  let questions = 0;
  const answer = deferred<ReturnType<typeof groups>>();
  const watch = new LagWatch(() => {
    questions += 1;
    return answer.promise;
  });
  expect(watch.latest()).toBeUndefined();
  const both = Promise.all([watch.refresh(), watch.refresh()]);
  answer.resolve(groups(3));
  await both;
  expect(questions).toBe(1);
  expect(watch.latest()!.groups.get('orders')![0]!.lag).toBe(3);
  await watch.refresh();
  expect(questions).toBe(2);
});

it('keeps the last answer when the broker has none, says why, and forgets that with the next answer', async () => {
  let failure: Error | undefined;
  const watch = new LagWatch(() => (failure === undefined ? Promise.resolve(groups(1)) : Promise.reject(failure)));
  await watch.refresh();
  const first = watch.latest();
  expect(watch.error()).toBeNull();
  failure = new BusbarError('BROKER_UNREACHABLE', 'nobody answers');
  await watch.refresh();
  expect(watch.error()).toMatchObject({ code: 'BROKER_UNREACHABLE', message: 'nobody answers' });
  expect(watch.latest()).toBe(first);
  await expect(watch.ask()).rejects.toBe(failure);
  failure = undefined;
  await watch.ask();
  expect(watch.error()).toBeNull();
  expect(watch.latest()).not.toBe(first);
});
