import { expect, it } from 'vitest';

import { Latency } from '../../src/telemetry/latency.js';

it('tells half, 99 of 100 and the longest, in ms, to one percent', () => {
  const latency = new Latency();
  for (let ms = 1; ms <= 1_000; ms++) latency.record(ms);
  const { count, p50, p99, max } = latency.stats();
  expect([count, max]).toEqual([1_000, 1_000]);
  expect(Math.abs(p50 / 500 - 1)).toBeLessThan(0.01);
  expect(Math.abs(p99 / 990 - 1)).toBeLessThan(0.01);
});

it('never tells a percentile beyond the longest', () => {
  const latency = new Latency();
  latency.record(94.207);
  expect(latency.stats()).toEqual({ count: 1, p50: 94.207, p99: 94.207, max: 94.207 });
});

it('counts what was too quick to be measured, and what took longer than an hour', () => {
  const latency = new Latency();
  for (const ms of [0, 0.0001, -1, 2 * 3_600_000]) latency.record(ms);
  expect(latency.stats()).toMatchObject({ count: 4, p50: 0.001, max: 3_600_000 });
});

it('tells of several as if they were one, and of none with zeros', () => {
  const [one, other] = [new Latency(), new Latency()];
  one.record(1);
  other.record(3);
  expect(Latency.of([one, new Latency(), other])).toMatchObject({ count: 2, max: 3 });
  expect(one.stats().count).toBe(1);
  expect(Latency.of([])).toEqual({ count: 0, p50: 0, p99: 0, max: 0 });
});
