import { inject, injectable } from 'inversify';

import { Handles, Processor, ProcessorOptions, TOKENS, type EventContext, type KafkaConfig } from 'busbar';
import type { SqlTransaction, Store } from 'busbar/store';

import {
  DebateCompleted,
  DebateConsensusReached,
  DebateInitiated,
  DebateRoundCompleted,
  DebateRoundStarted,
} from '../debate/debate-events.js';
import { DecisionApproved, DecisionMade, DecisionRejected } from '../decision/decision-events.js';
import { EvolutionCompleted, EvolutionSuperseded, EvolutionTriggered, ImprovementSuggested } from '../evolution/evolution-events.js';
import { MetricRecorded } from './metric-recorded.js';
import { WebhookDelivered, WebhookFailed } from './webhook-events.js';

const TABLES = [
  'create table if not exists event_counts (name text primary key, input integer not null default 0, derived integer not null default 0)',
  `create table if not exists metric_values (
    name text primary key,
    recorded integer not null,
    total real not null,
    least real not null,
    greatest real not null
  )`,
];

/** Counts every event by its name, those that came from outside apart from those that processors here derived. */
@ProcessorOptions({ name: 'metrics', from: 'earliest' })
@injectable()
export class MetricsProcessor extends Processor {
  readonly #source: string;

  constructor(
    @inject(TOKENS.Store) private readonly store: Store,
    @inject(TOKENS.Config) config: KafkaConfig,
  ) {
    super();
    this.#source = `/${config.serviceName}`;
  }

  override async onStart(): Promise<void> {
    await this.store.transaction((tx) => {
      for (const table of TABLES) tx.run(table);
    });
  }

  @Handles(DebateInitiated)
  @Handles(DebateRoundStarted)
  @Handles(DebateRoundCompleted)
  @Handles(DebateConsensusReached)
  @Handles(DebateCompleted)
  @Handles(DecisionMade)
  @Handles(DecisionApproved)
  @Handles(DecisionRejected)
  @Handles(EvolutionTriggered)
  @Handles(EvolutionCompleted)
  @Handles(EvolutionSuperseded)
  @Handles(ImprovementSuggested)
  @Handles(WebhookDelivered)
  @Handles(WebhookFailed)
  happened(_event: object, ctx: EventContext): void {
    ctx.transaction((tx) => this.#count(tx, ctx));
  }

  @Handles(MetricRecorded)
  recorded({ name, value }: MetricRecorded, ctx: EventContext): void {
    ctx.transaction((tx) => {
      this.#count(tx, ctx);
      tx.run(
        `insert into metric_values (name, recorded, total, least, greatest) values (?, 1, ?, ?, ?)
         on conflict (name) do update set
           recorded = metric_values.recorded + 1,
           total = metric_values.total + excluded.total,
           least = case when excluded.least < metric_values.least then excluded.least else metric_values.least end,
           greatest = case when excluded.greatest > metric_values.greatest then excluded.greatest else metric_values.greatest end`,
        name,
        value,
        value,
        value,
      );
    });
  }

  /** What a processor here published has our source and a cause; what was fed in under our name has no cause. */
  #count(tx: SqlTransaction, { metadata: { name, source, causationId } }: EventContext): void {
    const origin = source === this.#source && causationId !== undefined ? 'derived' : 'input';
    tx.run(
      `insert into event_counts (name, ${origin}) values (?, 1) on conflict (name) do update set ${origin} = event_counts.${origin} + 1`,
      name,
    );
  }
}
