import { inject, injectable } from 'inversify';

import { Handles, Processor, ProcessorOptions, TOKENS, type EventContext } from 'busbar';
import type { Store } from 'busbar/store';

import { DebateCompleted, DebateConsensusReached, DebateInitiated, DebateRoundCompleted, DebateRoundStarted } from './debate-events.js';

/** One row per debate; every figure counts events, so that an event that took effect twice would show. */
const TABLE = `create table if not exists debates (
  debate_id text primary key,
  initiated integer not null default 0,
  rounds_started integer not null default 0,
  rounds integer not null default 0,
  consensus integer not null default 0,
  completed integer not null default 0
)`;

type Figure = 'initiated' | 'rounds_started' | 'rounds' | 'consensus' | 'completed';

/** Follows debates: how many were begun, how many rounds each took, where they stand. */
@ProcessorOptions({ name: 'debate', from: 'earliest' })
@injectable()
export class DebateProcessor extends Processor {
  constructor(@inject(TOKENS.Store) private readonly store: Store) {
    super();
  }

  override async onStart(): Promise<void> {
    await this.store.transaction((tx) => tx.run(TABLE));
  }

  @Handles(DebateInitiated)
  initiated({ debateId }: DebateInitiated, ctx: EventContext): void {
    count('initiated', debateId, ctx);
  }

  @Handles(DebateRoundStarted)
  roundStarted({ debateId }: DebateRoundStarted, ctx: EventContext): void {
    count('rounds_started', debateId, ctx);
  }

  @Handles(DebateRoundCompleted)
  roundCompleted({ debateId }: DebateRoundCompleted, ctx: EventContext): void {
    count('rounds', debateId, ctx);
  }

  @Handles(DebateConsensusReached)
  consensusReached({ debateId }: DebateConsensusReached, ctx: EventContext): void {
    count('consensus', debateId, ctx);
  }

  @Handles(DebateCompleted)
  completed({ debateId }: DebateCompleted, ctx: EventContext): void {
    count('completed', debateId, ctx);
  }
}

function count(figure: Figure, debateId: string, ctx: EventContext): void {
  const sql = `insert into debates (debate_id, ${figure}) values (?, 1) on conflict (debate_id) do update set ${figure} = debates.${figure} + 1`;
  ctx.transaction((tx) => void tx.run(sql, debateId));
}
