// A handler that fails: some errors pass and are worth another attempt, others never will. What could not be handled is put
// aside as a dead letter, which says why.
//
//   npm run build && node dist/examples/04-dead-letter.js
//
// It uses the Kafka at KAFKA_BOOTSTRAP_SERVERS if that is set, else the embedded broker.

import { setTimeout as pause } from 'node:timers/promises';

import {
  deadLetter,
  DomainEvent,
  EventBus,
  fail,
  Handles,
  KafkaConfig,
  kafkaModule,
  KafkaService,
  onErrorOf,
  Processor,
  ProcessorOptions,
  retry,
  TOKENS,
  type EventContext,
  type EventInit,
  type Message,
  type Notices,
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

// #region policies
class UnknownDebate extends Error {
  override readonly name = 'UnknownDebate';
}

@ProcessorOptions({
  name: 'announce',
  onError: [onErrorOf(UnknownDebate, deadLetter()), retry({ attempts: 3, backoffMs: 20, otherwise: deadLetter() })],
})
@injectable()
class AnnounceProcessor extends Processor {
  @Handles(DecisionMade)
  decided({ debateId }: DecisionMade, { attempt }: EventContext): void {
    console.log(`${debateId}: attempt ${attempt}`);
    if (debateId === 'd-404') throw new UnknownDebate('nobody started this debate');
    if (debateId === 'd-busy' && attempt < 3) throw new Error('the mail server is busy');
    if (debateId === 'd-down') throw new Error('the mail server is down');
  }
}
// #endregion

const config = KafkaConfig.fromEnv(process.env, {
  serviceName: 'example',
  topicPrefix: 'example-04',
  bootstrapServers: process.env['KAFKA_BOOTSTRAP_SERVERS'] || 'embedded',
});
const container = new Container();
container.load(kafkaModule({ config, events: [DecisionMade], processors: [AnnounceProcessor] }));

// #region notices
container.get<Notices>(TOKENS.Notices).onNotice(({ code, message, error }) => {
  if (code === 'DEAD_LETTERED') console.log(`${message}: ${String(error)}`);
});
// #endregion

const service = container.get(KafkaService);
await service.start();
console.log(`Kafka: ${config.bootstrapServers.join(',')}`);
const bus = container.get(EventBus);
for (const debateId of ['d-404', 'd-busy', 'd-down']) {
  await bus.publish(new DecisionMade({ debateId, outcome: 'accepted' }));
  while (!(await service.caughtUp())) await pause(25);
}
const { handled, deadLettered } = service.getStats().processors['announce']!.outcomes;
console.log(`handled ${handled}, dead-lettered ${deadLettered}`);

// #region look
const letters: Message[] = [];
const options = { group: 'look', topics: ['decision-events.dead-letter'], onError: [fail()] };
await service.client.consume(options, (letter) => void letters.push(letter));
while (letters.length < 2) await pause(25);

const ofEachRun = ['x-dlq-id', 'x-dlq-timestamp', 'x-dlq-first-failure', 'x-dlq-last-failure'];
const { key, headers, value } = letters.find((letter) => letter.key === 'd-down')!;
console.log(`dead letter ${key}: ${headers['ce_type']} ${String(value)}`);
for (const [name, text] of Object.entries(headers)) {
  if (name.startsWith('x-dlq-') && !ofEachRun.includes(name)) console.log(`  ${name}: ${text}`);
}
// #endregion
await service.stop();
