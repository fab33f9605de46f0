import type { SqlTransaction } from 'busbar/store';

const TABLE = `create table if not exists decision_times (
  debate_id text primary key,
  started_at integer,
  decided_at integer,
  measured integer not null default 0
)`;

const DAY_MS = 24 * 60 * 60 * 1000;

type Moment = 'started_at' | 'decided_at';

/**
 * Joins the start of a debate with its decision, whichever arrives first; the earliest of each counts. Either call
 * returns the whole days between them when it completes the pair for the first time, and undefined otherwise.
 */
export class DaysToDecide {
  createTable(tx: SqlTransaction): void {
    tx.run(TABLE);
  }

  started(tx: SqlTransaction, debateId: string, at: Date): number | undefined {
    return this.#note(tx, 'started_at', debateId, at);
  }

  /** Only for a decision whose day is known. */
  decided(tx: SqlTransaction, debateId: string, at: Date): number | undefined {
    return this.#note(tx, 'decided_at', debateId, at);
  }

  #note(tx: SqlTransaction, moment: Moment, debateId: string, at: Date): number | undefined {
    tx.run(
      `insert into decision_times (debate_id, ${moment}) values (?, ?) on conflict (debate_id) do update set ${moment} = excluded.${moment}
       where decision_times.${moment} is null or decision_times.${moment} > excluded.${moment}`,
      debateId,
      at.getTime(),
    );
    const { changes } = tx.run(
      'update decision_times set measured = 1 where debate_id = ? and measured = 0 and started_at is not null and decided_at is not null',
      debateId,
    );
    return changes === 1 ? daysOf(tx, debateId) : undefined;
  }
}

function daysOf(tx: SqlTransaction, debateId: string): number | undefined {
  const row = tx.get<{ started_at: number; decided_at: number }>(
    'select started_at, decided_at from decision_times where debate_id = ?',
    debateId,
  );
  return row && wholeDays(row.started_at, row.decided_at);
}

/** Days that have passed in full, of two moments in ms since 1970. */
export function wholeDays(from: number, to: number): number {
  return Math.floor((to - from) / DAY_MS);
}
