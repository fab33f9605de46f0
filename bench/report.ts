import { cpus } from 'node:os';
import { createRequire } from 'node:module';

import { type Result, type Spread, spreadOf, type Yardstick } from './result.js';
import { SCENARIOS } from './scenarios.js';

const YARDSTICKS: readonly Yardstick[] = ['ms', 'cpuMs'];

/** Where and with what it was measured. */
export function surroundings(broker: string) {
  const require = createRequire(import.meta.url);
  const { version: kafkajs } = require('kafkajs/package.json') as { version: string };
  const [cpu] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    kafkajs,
    cpu: cpu?.model ?? '',
    cores: cpus().length,
    broker,
  };
}

/** The result as plain data: rates are events per second, ratios are medians over the rounds. */
export function dataOf({ scenario, series }: Result) {
  const { busbar, against } = SCENARIOS[scenario]!;
  const rate = (name: string) => both((by) => spreadOf(series.get(name)!.rates(by)));
  const ratio = (name: string, other: string) => both((by) => spreadOf(series.get(name)!.ratiosTo(series.get(other)!, by)));
  const compare = (name: string) => Object.fromEntries(Object.keys(against).map((other) => [other, ratio(name, other)]));
  return {
    scenario,
    rates: Object.fromEntries([...series.keys()].map((name) => [name, rate(name)])),
    ratios: Object.fromEntries(Object.keys(busbar).map((name) => [name, compare(name)])),
  };
}

function both(spread: (by: Yardstick) => Spread): { readonly clock: Spread; readonly cpu: Spread } {
  const [clock, cpu] = YARDSTICKS.map(spread) as [Spread, Spread];
  return { clock, cpu };
}

/** The result as a table in Markdown: the ratios, with lowest and highest round, and the rates beside them. */
export function tableOf(result: Result): string {
  const { scenario, rates, ratios } = dataOf(result);
  const others = Object.keys(SCENARIOS[scenario]!.against);
  const header = [SCENARIOS[scenario]!.title, ...others.flatMap((other) => [`x ${other}`, '… by CPU']), 'events/s', 'per CPU s'];
  const rows = Object.entries(rates).map(([name, { clock, cpu }]) => [
    name,
    ...others.map((other) => ratios[name]?.[other]).flatMap((ratio) => [times(ratio?.clock), times(ratio?.cpu)]),
    count(clock.median),
    count(cpu.median),
  ]);
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function times(spread: Spread | undefined): string {
  if (spread === undefined) return '';
  return `${spread.median.toFixed(2)} (${spread.lowest.toFixed(2)}-${spread.highest.toFixed(2)})`;
}

function count(rate: number): string {
  return (Math.round(rate / 100) * 100).toLocaleString('en-US');
}
