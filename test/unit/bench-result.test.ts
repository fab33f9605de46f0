import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { dataOf, type BenchData } from '../../bench/data.js';
import { withMeasured } from '../../bench/measured.js';
import { Series } from '../../bench/result.js';
import { SCENARIOS } from '../../bench/scenarios.js';

/** The rounds of a contender that takes so many ms for 1,000 events. */
function series(ms: readonly number[], figures: readonly Readonly<Record<string, number>>[] = []): Series {
  const all = new Series();
  ms.forEach((each, round) => all.add({ events: 1_000, ms: each, cpuMs: each / 2, figures: figures[round] }));
  return all;
}

const [BATCHES, SINGLES, BARE] = Object.keys(SCENARIOS['out']!.against) as [string, string, string];
const [PUBLISH] = Object.keys(SCENARIOS['out']!.busbar) as [string];

function publishing(ms: readonly number[]) {
  const beside = [100, 100, 100];
  const all: [string, Series][] = [
    [PUBLISH, series(ms)],
    [BATCHES, series(beside)],
    [SINGLES, series(beside)],
    [BARE, series(beside)],
  ];
  return dataOf({ scenario: 'out', series: new Map(all) });
}

describe('what a benchmark measured', () => {
  it('is compared round by round, and the median counts', () => {
    const { rates, ratios } = publishing([50, 100, 1_000]);
    expect(rates[PUBLISH]!.clock).toEqual({ median: 10_000, lowest: 1_000, highest: 20_000 });
    expect(ratios[PUBLISH]![BATCHES]!.clock).toEqual({ median: 1, lowest: 0.1, highest: 2 });
  });

  it('says of each target whether the median reaches it', () => {
    expect(publishing([110, 110, 1_000]).targets.map(({ isMet }) => isMet)).toEqual([true, false]);
    expect(publishing([25, 25, 112]).targets.map(({ isMet }) => isMet)).toEqual([true, true]);
    expect(publishing([112, 112, 25]).targets.map(({ isMet }) => isMet)).toEqual([false, false]);
  });

  it('must not be more where a target is a limit', () => {
    const [name] = Object.keys(SCENARIOS['memory']!.busbar) as [string];
    const grown = (growth: number) =>
      dataOf({ scenario: 'memory', series: new Map([[name, series([1], [{ early: 1, late: growth, growth }])]]) });
    expect(grown(1.1).targets).toMatchObject([{ wanted: 1.1, isMet: true }]);
    expect(grown(1.11).targets).toMatchObject([{ wanted: 1.1, isMet: false }]);
  });

  it('is not taken for reached when it was not measured', () => {
    const [name] = Object.keys(SCENARIOS['memory']!.busbar) as [string];
    expect(dataOf({ scenario: 'memory', series: new Map([[name, series([1])]]) }).targets).toMatchObject([{ isMet: false }]);
  });
});

describe('docs/performance.md', () => {
  const data: BenchData = {
    date: '2026-11-21',
    node: 'v20.20.2',
    kafkajs: '2.2.4',
    cpu: 'some processor',
    cores: 2,
    rounds: 3,
    events: 1_000,
    seconds: 60,
    brokers: [{ broker: 'some broker', results: [publishing([110, 110, 110])] }],
  };
  const page = readFileSync(new URL('../../../docs/performance.md', import.meta.url), 'utf8');

  it('has a place for it, and keeps everything else', () => {
    const written = withMeasured(page, data);
    for (const told of [
      '21 November 2026, 2 cores (some processor)',
      '### Beside: some broker',
      '| >= 0.9 | 0.91 | yes |',
      '| >= 3.5 | 0.91 | **no** |',
    ])
      expect(written).toContain(told);
    const [before] = page.split('<!-- measured -->');
    const [, after] = page.split('<!-- end of measured -->');
    expect(written.startsWith(before!)).toBe(true);
    expect(written.endsWith(after!)).toBe(true);
    expect(withMeasured(written, data)).toBe(written);
  });

  it('is refused without that place', () => {
    expect(() => withMeasured('# Performance', data)).toThrow('<!-- measured -->');
  });
});
