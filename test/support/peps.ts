import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** 2,635 events of 736 Python enhancement proposals; the file stands beside the repository and may be absent. */
export const PEPS = fileURLToPath(new URL('../../../../shared/data/peps.jsonl', import.meta.url));

export const hasPeps = existsSync(PEPS);
if (!hasPeps) console.warn(`${PEPS} is not here: what needs it is skipped`);

export function pepLines(): string[] {
  return readFileSync(PEPS, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

interface Row {
  readonly type: string;
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * What the figures of the reference application have to be, counted from the lines themselves: plain loops, and nothing
 * of the project.
 */
export function countByHand(lines: readonly string[]): Record<string, unknown> {
  const rows = lines.map((line) => JSON.parse(line) as Row);
  const of = (type: string): Row[] => rows.filter((row) => row.type === type);
  const debate = ({ data }: Row): string => String(data['debateId']);
  const tally = (values: readonly unknown[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
    return counts;
  };

  const began = new Map(of('debate_initiated').map((row) => [debate(row), Date.parse(row.time)]));
  const decided = new Set(of('decision_made').map(debate));
  const rounds = Object.entries(tally(of('debate_round_completed').map(debate))).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const days = of('decision_made')
    .filter(({ data }) => data['dateKnown'] === true)
    .flatMap((row) => (began.has(debate(row)) ? [(Date.parse(row.time) - (began.get(debate(row)) ?? 0)) / 86_400_000] : []))
    .sort((a, b) => a - b);
  const outcomes = of('decision_made').map(({ data }) => data['outcome']);

  return {
    debates: {
      initiated: of('debate_initiated').length,
      rounds: of('debate_round_completed').length,
      decided: decided.size,
      open: [...began.keys()].filter((id) => !decided.has(id)).length,
      longest: { debateId: rounds[0]?.[0], rounds: rounds[0]?.[1] },
    },
    decisions: {
      made: outcomes.length,
      byOutcome: tally(outcomes),
      daysToDecide: { known: days.length, median: days[(days.length - 1) / 2], max: days.at(-1) },
    },
    evolutions: {
      completed: of('evolution_completed').length,
      superseded: of('evolution_superseded').length,
      byRelease: tally(of('evolution_completed').map(({ data }) => data['release'])),
    },
    eventsByName: tally(rows.map(({ type }) => type)),
    derived: { evolution_triggered: outcomes.filter((outcome) => outcome === 'accepted').length, metric_recorded: days.length },
  };
}
