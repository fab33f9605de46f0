import { cpus } from 'node:os';
import { createRequire } from 'node:module';

import type { Both, ScenarioData, TargetData } from './data.js';
import type { Spread } from './result.js';
import { SCENARIOS } from './scenarios.js';

/** Where and with what it was measured. */
export function surroundings() {
  const require = createRequire(import.meta.url);
  const { version: kafkajs } = require('kafkajs/package.json') as { version: string };
  const [cpu] = cpus();
  return { date: new Date().toISOString().slice(0, 10), node: process.version, kafkajs, cpu: cpu?.model ?? '', cores: cpus().length };
}

/** A scenario as tables in Markdown: what was measured, with lowest and highest round, and what was wanted of it. */
export function tablesOf(data: ScenarioData): string {
  const { figures } = SCENARIOS[data.scenario]!;
  const measured = figures === undefined ? rateTable(data) : figureTable(data, figures);
  return `${measured}\n\n${targetTable(data.targets)}`;
}

function rateTable({ scenario, rates, ratios }: ScenarioData): string {
  const { title, against } = SCENARIOS[scenario]!;
  const others = Object.keys(against);
  const header = [title, ...others.flatMap((other) => [`x ${other}`, '… by CPU']), 'events/s', 'per CPU s'];
  const compared = (ratio: Both | undefined): string[] => (ratio === undefined ? ['', ''] : [times(ratio.clock), times(ratio.cpu)]);
  const rows = Object.entries(rates).map(([name, { clock, cpu }]) => [
    name,
    ...others.flatMap((other) => compared(ratios[name]?.[other])),
    count(clock.median),
    count(cpu.median),
  ]);
  return table(header, rows);
}

function figureTable({ scenario, figures }: ScenarioData, titles: Readonly<Record<string, string>>): string {
  const rows = Object.entries(figures).map(([name, measured]) => [name, ...Object.keys(titles).map((figure) => times(measured[figure]!))]);
  return table([SCENARIOS[scenario]!.title, ...Object.values(titles)], rows);
}

function targetTable(targets: readonly TargetData[]): string {
  const rows = targets.map(({ what, bound, wanted, reached, isMet }) => [
    what,
    `${bound === 'least' ? '>=' : '<='} ${wanted.toLocaleString('en-US')}`,
    wanted >= 1_000 ? count(reached.median) : reached.median.toFixed(2),
    isMet ? 'yes' : '**no**',
  ]);
  return table(['target', 'wanted', 'reached', 'met'], rows);
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function times({ median, lowest, highest }: Spread): string {
  return `${median.toFixed(2)} (${lowest.toFixed(2)}-${highest.toFixed(2)})`;
}

function count(rate: number): string {
  return (Math.round(rate / 100) * 100).toLocaleString('en-US');
}
