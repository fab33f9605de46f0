// A processor: an event goes through Kafka to its handler, and what the handler does to the store happens once.
//
//   npm run build && node dist/examples/02-processor.js
//
// It uses the Kafka at KAFKA_BOOTSTRAP_SERVERS if that is set, else the embedded broker.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import {
  DomainEvent,
  EventBus,
  Handles,
  KafkaConfig,
  kafkaModule,
  KafkaService,
  Processor,
  ProcessorOptions,
  TOKENS,
  type EventContext,
  type EventInit,
} from 'busbar';
import { sqliteStore, type Store } from 'busbar/store';
import { IsIn, IsString } from 'class-validator';
import { Container, inject, injectable } from 'inversify';
import Database from 'libsql';

@DomainEvent({ name: 'decision_made', topic: 'decision-events', key: 'debateId' })
class DecisionMade {
  @IsString() readonly debateId!: string;
  @IsIn(['accepted', 'rejected']) readonly outcome!: 'accepted' | 'rejected';

  constructor(init: EventInit<DecisionMade>) {
    Object.assign(this, init);
  }
}

// #region processor
@ProcessorOptions({ name: 'tally' })
@injectable()
class TallyProcessor extends Processor {
  constructor(@inject(TOKENS.Store) private readonly store: Store) {
    super();
  }

  override async onStart(): Promise<void> {
    await this.store.transaction((tx) => tx.run('create table if not exists tally (outcome text primary key, decisions integer not null)'));
  }

  @Handles(DecisionMade)
  decided({ outcome }: DecisionMade, ctx: EventContext): void {
    ctx.transaction((tx) => {
      tx.run('insert into tally values (?, 1) on conflict (outcome) do update set decisions = decisions + 1', outcome);
    });
  }
}
// #endregion

const directory = mkdtempSync(join(tmpdir(), 'example-'));
// #region store
const store = sqliteStore({ open: () => new Database(join(directory, 'tally.db')) });
// #endregion
const config = KafkaConfig.fromEnv(process.env, {
  serviceName: 'example',
  topicPrefix: 'example-02',
  bootstrapServers: process.env['KAFKA_BOOTSTRAP_SERVERS'] || 'embedded',
});

// #region service
const container = new Container();
container.load(kafkaModule({ config, events: [DecisionMade], processors: [TallyProcessor], store }));
const service = container.get(KafkaService);
await service.start();
// #endregion
console.log(`Kafka: ${config.bootstrapServers.join(',')}`);

const bus = container.get(EventBus);
const accepted = new DecisionMade({ debateId: 'd-1', outcome: 'accepted' });
const receipt = await bus.publish(accepted, { id: 'decision-1' });
if (receipt.where === 'kafka') console.log(`safe in Kafka: ${receipt.topic}, partition ${receipt.partition}`);
await bus.publish(accepted, { id: 'decision-1' }); // once more: on the log twice, counted once
await bus.publish(new DecisionMade({ debateId: 'd-2', outcome: 'rejected' }));

// #region settled
while (!(await service.caughtUp())) await pause(25);
const { delivered, handled, duplicate } = service.getStats().processors['tally']!.outcomes;
console.log(`delivered ${delivered}: handled ${handled}, duplicate ${duplicate}`);
for (const row of await store.read('select * from tally order by outcome')) console.log(row);
// #endregion

await service.stop();
rmSync(directory, { recursive: true });
