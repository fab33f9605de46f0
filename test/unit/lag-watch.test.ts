import { afterEach, expect, it, vi } from 'vitest';

import { BusbarError } from '../../src/errors.js';
import type { PartitionLag } from '../../src/inbound/lag.js';
import { StandingOffsets } from '../../src/service/health/standing-offsets.js';
import { LagWatch, type LagReading } from '../../src/service/lag-watch.js';
import { deferred } from '../support/records.js';

afterEach(() => void vi.useRealTimers());

const held = [{ topic: 't', partition: 0 }];
const behind = (lag: number, committed = 1): PartitionLag[] => [{ topic: 't', partition: 0, committed, end: committed + lag, lag }];
const watching = (question: () => Promise<PartitionLag[]>) => new LagWatch(() => new Map([['orders', question]]));

it('asks one question at a time, and remembers the answer', async () => {
  let questions = 0;
  const answer = deferred<PartitionLag[]>();
  const watch = watching(() => {
    questions += 1;
    return answer.promise;
  });
  expect(watch.latest('orders')).toBeUndefined();
  const both = Promise.all([watch.refresh(), watch.refresh()]);
  answer.resolve(behind(3));
  await both;
  expect(questions).toBe(1);
  expect(watch.latest('orders')!.partitions[0]!.lag).toBe(3);
  await watch.refresh();
  expect(questions).toBe(2);
});

it('keeps the last answer when the broker has none, says why, and forgets that with the next answer', async () => {
  let failure: Error | undefined;
  const watch = watching(() => (failure === undefined ? Promise.resolve(behind(1)) : Promise.reject(failure)));
  await watch.refresh();
  const first = watch.latest('orders');
  expect(watch.error()).toBeNull();
  failure = new BusbarError('BROKER_UNREACHABLE', 'nobody answers');
  await watch.refresh();
  expect(watch.error()).toMatchObject({ code: 'BROKER_UNREACHABLE', message: 'nobody answers' });
  expect(watch.latest('orders')).toBe(first);
  await expect(watch.ask()).rejects.toBe(failure);
  failure = undefined;
  await watch.ask();
  expect(watch.error()).toBeNull();
  expect(watch.latest('orders')).not.toBe(first);
});

it('asks about the others too when one cannot be answered, and forgets those that are gone', async () => {
  const failure = new BusbarError('TOPIC_MISSING', 'it was deleted');
  const questions = new Map([
    ['gone', () => Promise.reject<PartitionLag[]>(failure)],
    ['orders', () => Promise.resolve(behind(2))],
  ]);
  const watch = new LagWatch(() => questions);
  await expect(watch.ask()).rejects.toBe(failure);
  expect(watch.latest('orders')!.partitions[0]!.lag).toBe(2);
  expect(watch.latest('gone')).toBeUndefined();
  expect(watch.error()).toMatchObject({ code: 'TOPIC_MISSING' });
  questions.clear();
  await watch.ask();
  expect(watch.latest('orders')).toBeUndefined();
});

it('says so while the answer does not come, not only when it has failed', async () => {
  vi.useFakeTimers();
  const answer = deferred<PartitionLag[]>();
  const watch = watching(() => answer.promise);
  const asking = watch.refresh();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(watch.error()).toBeNull();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(watch.error()).toMatchObject({ code: 'BROKER_UNREACHABLE', message: expect.stringContaining('7000 ms') as string });
  answer.resolve(behind(0));
  await asking;
  expect(watch.error()).toBeNull();
});

it('does not take an older question for the newer answer', async () => {
  vi.useFakeTimers();
  const answers = [deferred<PartitionLag[]>(), deferred<PartitionLag[]>()];
  let questions = 0;
  const watch = watching(() => answers[questions++]!.promise);
  const older = watch.ask();
  await vi.advanceTimersByTimeAsync(100);
  const newer = watch.ask();
  answers[1]!.resolve(behind(1));
  await newer;
  answers[0]!.resolve(behind(9));
  await older;
  expect(watch.latest('orders')!.partitions[0]!.lag).toBe(1);
});

it('a committed offset stands from the first answer that has it on, while records are behind it and it is held here', () => {
  vi.useFakeTimers({ now: 1_000_000 });
  let latest: LagReading | undefined;
  const offsets = new StandingOffsets(() => latest);
  const answered = (partitions: PartitionLag[]): void => void (latest = { partitions, asOf: new Date() });
  expect(offsets.of(held)).toEqual([]);
  answered(behind(3));
  expect(offsets.of([])).toEqual([]);
  vi.advanceTimersByTime(3_000);
  answered(behind(4));
  expect(offsets.of(held)).toEqual([{ topic: 't', partition: 0, committed: 1, lag: 4, since: 1_003_000 }]);
  vi.advanceTimersByTime(3_000);
  answered(behind(5));
  expect(offsets.of(held)[0]!.since).toBe(1_003_000);
  vi.advanceTimersByTime(3_000);
  answered(behind(1, 5));
  expect(offsets.of(held)[0]!.since).toBe(1_009_000);
  answered(behind(0, 6));
  expect(offsets.of(held)).toEqual([]);
});

it('what nobody could ask about for a while stands from the next answer on', () => {
  vi.useFakeTimers({ now: 1_000_000 });
  let latest: LagReading = { partitions: behind(3), asOf: new Date() };
  const offsets = new StandingOffsets(() => latest);
  expect(offsets.of(held)).toHaveLength(1);
  vi.advanceTimersByTime(11_000);
  expect(offsets.of(held)).toEqual([]);
  latest = { partitions: behind(3), asOf: new Date() };
  expect(offsets.of(held)[0]!.since).toBe(1_011_000);
});
