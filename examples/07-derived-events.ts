// An event that causes another: published in the handler, sent when the handler's effects are settled, or not at all.
//
//   npm run build && node dist/examples/07-derived-events.js
//
// It uses the Kafka at KAFKA_BOOTSTRAP_SERVERS if that is set, else the embedded broker.

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
  type EventContext,
  type EventInit,
} from 'busbar';
import { IsIn, IsString } from 'class-validator';
import { Container, injectable } from 'inversify';

@DomainEvent({ name: 'decision_made', topic: 'decision-events', key: 'debateId' })
class DecisionMade {
  @IsString() readonly debateId!: string;
  @IsIn(['accepted', 'rejected']) readonly outcome!: 'accepted' | 'rejected';

  constructor(init: EventInit<DecisionMade>) {
    Object.assign(this, init);
  }
}

@DomainEvent({ name: 'evolution_triggered', topic: 'evolution-events', key: 'debateId' })
class EvolutionTriggered {
  @IsString() readonly debateId!: string;

  constructor(init: EventInit<EvolutionTriggered>) {
    Object.assign(this, init);
  }
}

// #region stage
@ProcessorOptions({ name: 'decision', publishes: [EvolutionTriggered] })
@injectable()
class DecisionProcessor extends Processor {
  @Handles(DecisionMade)
  decided({ debateId, outcome }: DecisionMade, ctx: EventContext): void {
    if (outcome === 'accepted') ctx.publish(new EvolutionTriggered({ debateId }));
    if (ctx.attempt === 1) throw new Error('staged, but the attempt failed: nothing leaves'); // the next attempt succeeds
  }
}
// #endregion

@ProcessorOptions({ name: 'evolution' })
@injectable()
class EvolutionProcessor extends Processor {
  @Handles(EvolutionTriggered)
  triggered({ debateId }: EvolutionTriggered, { metadata }: EventContext): void {
    console.log(`${metadata.name} for ${debateId}`);
    console.log(`  id            ${metadata.id}`);
    console.log(`  causationId   ${metadata.causationId}`);
    console.log(`  correlationId ${metadata.correlationId}`);
  }
}

const config = KafkaConfig.fromEnv(process.env, {
  serviceName: 'example',
  topicPrefix: 'example-07',
  bootstrapServers: process.env['KAFKA_BOOTSTRAP_SERVERS'] || 'embedded',
});
const container = new Container();
const processors = [DecisionProcessor, EvolutionProcessor];
container.load(kafkaModule({ config, events: [DecisionMade, EvolutionTriggered], processors }));
const service = container.get(KafkaService);
await service.start();
console.log(`Kafka: ${config.bootstrapServers.join(',')}`);

await container.get(EventBus).publish(new DecisionMade({ debateId: 'd-1', outcome: 'accepted' }), { id: 'decision-1' });
while (!(await service.caughtUp())) await pause(25);
console.log(`evolution: handled ${service.getStats().processors['evolution']!.outcomes.handled}`);
await service.stop();
