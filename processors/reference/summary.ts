import type { OutcomeCounts } from 'busbar';

import type { InputCounts } from './feeder.js';
import type { Figures } from './figures.js';

/** What a run has to tell; the shape of `--json`, which people outside rely on. */
export interface Summary extends Figures {
  readonly input: InputCounts;
  /** Of this process, by processor. */
  readonly outcomes: Readonly<Record<string, OutcomeCounts>>;
  /** From the first line of the input to the last settlement. */
  readonly elapsedMs: number;
  readonly eventsPerSecond: number;
  readonly broker: string;
}

const ENDS = ['handled', 'duplicate', 'ignored', 'skipped', 'deadLettered', 'parked', 'abandoned'] as const;

const number = new Intl.NumberFormat('en');
const say = (value: number): string => number.format(value);
const some = (count: number, what: string): string => `${say(count)} ${what}${count === 1 ? '' : 's'}`;

/** For people, in plain text. */
export function summaryText(summary: Summary): string {
  const { input, debates, decisions, evolutions, derived, outcomes, elapsedMs, eventsPerSecond, broker } = summary;
  const { known, median, max } = decisions.daysToDecide;
  const took = `${(elapsedMs / 1000).toFixed(1)} s`;
  return [
    '',
    section('Input', [some(input.lines, 'line'), `${say(input.published)} published`, `${say(input.rejected)} rejected`]),
    section('Debates', [
      `${say(debates.initiated)} begun`,
      some(debates.rounds, 'round'),
      `${say(debates.decided)} decided`,
      `${say(debates.open)} open`,
      ...(debates.longest.rounds > 0 ? [`longest ${debates.longest.debateId} with ${some(debates.longest.rounds, 'round')}`] : []),
    ]),
    section(
      'Decisions',
      Object.entries(decisions.byOutcome).map(([outcome, count]) => `${say(count)} ${outcome}`),
    ),
    section('Days to decide', [`${say(known)} known`, `median ${say(median)}`, `longest ${say(max)}`]),
    section('Evolutions', [
      `${say(evolutions.completed)} completed in ${some(Object.keys(evolutions.byRelease).length, 'release')}`,
      `${say(evolutions.superseded)} superseded`,
    ]),
    section(
      'Derived',
      Object.entries(derived).map(([name, count]) => `${say(count)} ${name}`),
    ),
    '',
    ...outcomeTable(outcomes),
    '',
    input.published === 0
      ? `  Ran for ${took} ${place(broker)}.`
      : `  ${some(input.published, 'event')} in ${took} (${say(eventsPerSecond)} a second) ${place(broker)}.`,
    ...deadLetters(outcomes),
    '',
  ].join('\n');
}

/** What had no effect must not go unnoticed in a table. */
function deadLetters(outcomes: Summary['outcomes']): string[] {
  const count = Object.values(outcomes).reduce((sum, { deadLettered }) => sum + deadLettered, 0);
  return count === 0
    ? []
    : [`  ${say(count)} deliveries had no effect: their records are on the dead-letter topics, with the reason in their headers.`];
}

function section(title: string, facts: readonly string[]): string {
  return `  ${title.padEnd(16)}${facts.join('  ·  ')}`;
}

/** Outcomes that never occurred are left out, but for those that everybody wants to see. */
function outcomeTable(outcomes: Summary['outcomes']): string[] {
  const all = Object.entries(outcomes);
  const shown = ENDS.filter((outcome) => outcome === 'handled' || outcome === 'duplicate' || all.some(([, counts]) => counts[outcome] > 0));
  const row = (name: string, cells: readonly string[]): string => `  ${name.padEnd(16)}${cells.map((cell) => cell.padStart(14)).join('')}`;
  return [
    row('Processor', ['delivered', ...shown.map((outcome) => (outcome === 'deadLettered' ? 'dead letters' : outcome))]),
    ...all.map(([name, counts]) => row(name, [say(counts.delivered), ...shown.map((outcome) => say(counts[outcome]))])),
  ];
}

function place(broker: string): string {
  if (broker === 'memory') return 'in memory';
  return broker === 'embedded' ? 'on the embedded broker' : `on ${broker}`;
}
