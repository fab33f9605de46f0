import type { Store } from 'busbar/store';

import { DECISION_OUTCOMES, type DecisionOutcome } from '../decision/decision-events.js';
import { wholeDays } from '../decision/days-to-decide.js';

/** What the processors have found out, over all runs and instances that share the store. */
export interface Figures {
  readonly debates: {
    readonly initiated: number;
    readonly rounds: number;
    readonly decided: number;
    /** Begun and not decided. */
    readonly open: number;
    readonly longest: { readonly debateId: string; readonly rounds: number };
  };
  readonly decisions: {
    readonly made: number;
    readonly byOutcome: Readonly<Record<DecisionOutcome, number>>;
    readonly daysToDecide: { readonly known: number; readonly median: number; readonly max: number };
  };
  readonly evolutions: { readonly completed: number; readonly superseded: number; readonly byRelease: Readonly<Record<string, number>> };
  readonly eventsByName: Readonly<Record<string, number>>;
  /** Events that processors published, which are in no other figure. */
  readonly derived: Readonly<Record<string, number>>;
}

/** Reads them from the tables of the processors. */
export async function readFigures(store: Store): Promise<Figures> {
  return {
    debates: await debates(store),
    decisions: await decisions(store),
    evolutions: await evolutions(store),
    eventsByName: await counts(store, 'select name, input as count from event_counts where input > 0 order by name'),
    derived: {
      evolution_triggered: 0,
      metric_recorded: 0,
      ...(await counts(store, 'select name, derived as count from event_counts where derived > 0 order by name')),
    },
  };
}

async function debates(store: Store): Promise<Figures['debates']> {
  const [sums] = await store.read<{ initiated: number; rounds: number }>(
    'select coalesce(sum(initiated), 0) as initiated, coalesce(sum(rounds), 0) as rounds from debates',
  );
  const [decided] = await store.read<{ count: number }>('select count(*) as count from decisions where made > 0');
  const [open] = await store.read<{ count: number }>(
    `select count(*) as count from debates
     where initiated > 0 and not exists (select 1 from decisions where decisions.debate_id = debates.debate_id and made > 0)`,
  );
  const [longest] = await store.read<{ debateId: string; rounds: number }>(
    'select debate_id as "debateId", rounds from debates where rounds > 0 order by rounds desc, debate_id limit 1',
  );
  return {
    initiated: sums?.initiated ?? 0,
    rounds: sums?.rounds ?? 0,
    decided: decided?.count ?? 0,
    open: open?.count ?? 0,
    longest: longest === undefined ? { debateId: '', rounds: 0 } : { debateId: longest.debateId, rounds: longest.rounds },
  };
}

async function decisions(store: Store): Promise<Figures['decisions']> {
  const outcomes = await counts(store, 'select outcome as name, made as count from decision_outcomes');
  const byOutcome = Object.fromEntries(DECISION_OUTCOMES.map((outcome) => [outcome, outcomes[outcome] ?? 0]));
  const times = await store.read<{ started: number; decided: number }>(
    `select started_at as started, decided_at as decided from decision_times where started_at is not null and decided_at is not null`,
  );
  const days = times.map(({ started, decided }) => wholeDays(started, decided)).sort((one, other) => one - other);
  const [sums] = await store.read<{ made: number }>('select coalesce(sum(made), 0) as made from decisions');
  return {
    made: sums?.made ?? 0,
    byOutcome: byOutcome as Record<DecisionOutcome, number>,
    daysToDecide: { known: days.length, median: medianOf(days), max: days.at(-1) ?? 0 },
  };
}

async function evolutions(store: Store): Promise<Figures['evolutions']> {
  const [sums] = await store.read<{ completed: number; superseded: number }>(
    'select coalesce(sum(completed), 0) as completed, coalesce(sum(superseded), 0) as superseded from evolutions',
  );
  return {
    completed: sums?.completed ?? 0,
    superseded: sums?.superseded ?? 0,
    byRelease: await counts(store, 'select release as name, completed as count from evolution_releases order by release'),
  };
}

async function counts(store: Store, sql: string): Promise<Record<string, number>> {
  const rows = await store.read<{ name: string; count: number }>(sql);
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}

/** 0 for none; of an even number the mean of the two in the middle. */
function medianOf(sorted: readonly number[]): number {
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return (lower + upper) / 2;
}
