// Two services: each listens on its own bus, and hears what the other publishes. Here they share a process and a Kafka.
//
//   npm run build && node dist/examples/03-two-services.js
//
// They use the Kafka at KAFKA_BOOTSTRAP_SERVERS if that is set, else an embedded broker.

import { setTimeout as pause } from 'node:timers/promises';

import { DomainEvent, EventBus, KafkaConfig, kafkaModule, KafkaService, TOKENS, type EventInit, type Notices } from 'busbar';
import { startEmbeddedKafka } from 'busbar/embedded';
import { IsIn, IsString } from 'class-validator';
import { Container } from 'inversify';

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

const embedded = process.env['KAFKA_BOOTSTRAP_SERVERS'] ? undefined : await startEmbeddedKafka();
const bootstrapServers = embedded?.bootstrap ?? process.env['KAFKA_BOOTSTRAP_SERVERS']!;

/** A service with a container and a bus of its own, not started. */
function serviceNamed(serviceName: string) {
  const config = KafkaConfig.fromEnv(process.env, { serviceName, topicPrefix: 'example-03', bootstrapServers, fetchMaxWaitMs: 50 });
  const container = new Container();
  container.load(kafkaModule({ config, events: [DecisionMade, EvolutionTriggered] }));
  container.get<Notices>(TOKENS.Notices).onNotice(({ level, message }) => {
    if (level === 'error') console.error(message); // that the topics have one copy is a warning
  });
  return { service: container.get(KafkaService), bus: container.get(EventBus) };
}

const council = serviceNamed('council');
const workshop = serviceNamed('workshop');

// #region listen
let decisions = 0;
council.bus.subscribe(DecisionMade, () => void decisions++);
council.bus.subscribe(EvolutionTriggered, ({ debateId }, { metadata }) => {
  console.log(`council:  ${metadata.name} ${debateId}, from ${metadata.source}, because of ${metadata.causationId}`);
});

workshop.bus.subscribe(DecisionMade, ({ debateId, outcome }, ctx) => {
  console.log(`workshop: ${ctx.metadata.name} ${debateId}, from ${ctx.metadata.source}`);
  if (outcome === 'accepted') ctx.publish(new EvolutionTriggered({ debateId }));
});
// #endregion

await Promise.all([council.service.start(), workshop.service.start()]);

/** The answers of the workshop are on the log when it has caught up, and were heard when the council has. */
async function settled(): Promise<void> {
  for (const { service } of [workshop, council]) while (!(await service.caughtUp())) await pause(25);
}

// #region publish
await council.bus.publish(new DecisionMade({ debateId: 'd-1', outcome: 'accepted' }), { id: 'decision-1' });
await settled();
console.log(`council heard ${decisions} decision: its own did not come back`);

// Whoever can write JSON can take part, here with the client of the workshop: a message of it is no event of the workshop.
const value = { event_type: 'decision_made', data: { debateId: 'd-2', outcome: 'rejected' } };
await workshop.service.client.produce({ topic: 'decision-events', key: 'd-2', value });
await settled();
console.log(`council heard ${decisions} decisions`);
// #endregion

await Promise.all([council.service.stop(), workshop.service.stop()]);
await embedded?.stop();
