import { inject, injectable } from 'inversify';

import { Handles, Processor, ProcessorOptions, TOKENS, type EventContext } from 'busbar';
import type { SqlTransaction, Store } from 'busbar/store';

import { EvolutionCompleted, EvolutionSuperseded, EvolutionTriggered, ImprovementSuggested } from './evolution-events.js';

const TABLES = [
  `create table if not exists evolutions (
    debate_id text primary key,
    triggered integer not null default 0,
    completed integer not null default 0,
    superseded integer not null default 0,
    improvements integer not null default 0
  )`,
  'create table if not exists evolution_releases (release text primary key, completed integer not null)',
];

type Figure = 'triggered' | 'completed' | 'superseded' | 'improvements';

/** Follows what became of accepted decisions: released, given way, wished for. */
@ProcessorOptions({ name: 'evolution', from: 'earliest' })
@injectable()
export class EvolutionProcessor extends Processor {
  constructor(@inject(TOKENS.Store) private readonly store: Store) {
    super();
  }

  override async onStart(): Promise<void> {
    await this.store.transaction((tx) => {
      for (const table of TABLES) tx.run(table);
    });
  }

  @Handles(EvolutionTriggered)
  triggered({ debateId }: EvolutionTriggered, ctx: EventContext): void {
    ctx.transaction((tx) => count(tx, 'triggered', debateId));
  }

  @Handles(EvolutionCompleted)
  completed({ debateId, release }: EvolutionCompleted, ctx: EventContext): void {
    ctx.transaction((tx) => {
      count(tx, 'completed', debateId);
      tx.run(
        `insert into evolution_releases (release, completed) values (?, 1)
         on conflict (release) do update set completed = evolution_releases.completed + 1`,
        release,
      );
    });
  }

  @Handles(EvolutionSuperseded)
  superseded({ debateId }: EvolutionSuperseded, ctx: EventContext): void {
    ctx.transaction((tx) => count(tx, 'superseded', debateId));
  }

  @Handles(ImprovementSuggested)
  improvementSuggested({ debateId }: ImprovementSuggested, ctx: EventContext): void {
    ctx.transaction((tx) => count(tx, 'improvements', debateId));
  }
}

function count(tx: SqlTransaction, figure: Figure, debateId: string): void {
  tx.run(
    `insert into evolutions (debate_id, ${figure}) values (?, 1) on conflict (debate_id) do update set ${figure} = evolutions.${figure} + 1`,
    debateId,
  );
}
