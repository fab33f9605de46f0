import { inject, injectable } from 'inversify';

import { Handles, Processor, ProcessorOptions, TOKENS, type EventContext } from 'busbar';
import type { SqlTransaction, Store } from 'busbar/store';

import { DebateInitiated } from '../debate/debate-events.js';
import { EvolutionTriggered } from '../evolution/evolution-events.js';
import { MetricRecorded } from '../metrics/metric-recorded.js';
import { DecisionApproved, DecisionMade, DecisionRejected } from './decision-events.js';
import { DaysToDecide } from './days-to-decide.js';

const TABLES = [
  `create table if not exists decisions (
    debate_id text primary key,
    made integer not null default 0,
    approved integer not null default 0,
    rejected integer not null default 0
  )`,
  'create table if not exists decision_outcomes (outcome text primary key, made integer not null)',
];

/** Follows decisions, sets off what an accepted one leads to, and measures how long each took. */
@ProcessorOptions({ name: 'decision', from: 'earliest', publishes: [EvolutionTriggered, MetricRecorded] })
@injectable()
export class DecisionProcessor extends Processor {
  readonly #days = new DaysToDecide();

  constructor(@inject(TOKENS.Store) private readonly store: Store) {
    super();
  }

  override async onStart(): Promise<void> {
    await this.store.transaction((tx) => {
      for (const table of TABLES) tx.run(table);
      this.#days.createTable(tx);
    });
  }

  @Handles(DecisionMade)
  made({ debateId, decisionId, outcome, dateKnown }: DecisionMade, ctx: EventContext): void {
    if (outcome === 'accepted') ctx.publish(new EvolutionTriggered({ debateId, decisionId }));
    ctx.transaction((tx) => {
      count(tx, 'made', debateId);
      tx.run(
        'insert into decision_outcomes (outcome, made) values (?, 1) on conflict (outcome) do update set made = decision_outcomes.made + 1',
        outcome,
      );
      if (dateKnown) this.#measured(ctx, debateId, this.#days.decided(tx, debateId, ctx.metadata.occurredAt));
    });
  }

  @Handles(DecisionApproved)
  approved({ debateId }: DecisionApproved, ctx: EventContext): void {
    ctx.transaction((tx) => count(tx, 'approved', debateId));
  }

  @Handles(DecisionRejected)
  rejected({ debateId }: DecisionRejected, ctx: EventContext): void {
    ctx.transaction((tx) => count(tx, 'rejected', debateId));
  }

  /** Debates and decisions are on different topics: this may be handled after the decision. */
  @Handles(DebateInitiated)
  initiated({ debateId }: DebateInitiated, ctx: EventContext): void {
    ctx.transaction((tx) => this.#measured(ctx, debateId, this.#days.started(tx, debateId, ctx.metadata.occurredAt)));
  }

  /** Published in the transaction that made it known: the mark that it was and the event stand or fall together. */
  #measured(ctx: EventContext, debateId: string, days: number | undefined): void {
    if (days !== undefined) ctx.publish(new MetricRecorded({ name: 'days_to_decide', value: days, debateId }));
  }
}

function count(tx: SqlTransaction, figure: 'made' | 'approved' | 'rejected', debateId: string): void {
  tx.run(
    `insert into decisions (debate_id, ${figure}) values (?, 1) on conflict (debate_id) do update set ${figure} = decisions.${figure} + 1`,
    debateId,
  );
}
