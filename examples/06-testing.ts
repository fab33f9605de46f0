// Testing a processor of your own: on a real broker inside the test process, with a fault where it happens.
//
//   npm run build && node dist/examples/06-testing.js
//
// It always starts an embedded broker, since only that one can be told to misbehave.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
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
  type EventInit,
  type Notices,
} from 'busbar';
import { startEmbeddedKafka } from 'busbar/embedded';
import { IsString } from 'class-validator';
import { Container, injectable } from 'inversify';

@DomainEvent({ name: 'debate_initiated', topic: 'debate-events', key: 'debateId' })
class DebateInitiated {
  @IsString() readonly debateId!: string;

  constructor(init: EventInit<DebateInitiated>) {
    Object.assign(this, init);
  }
}

@ProcessorOptions({ name: 'debate' })
@injectable()
class DebateProcessor extends Processor {
  readonly open = new Set<string>();

  @Handles(DebateInitiated)
  initiated({ debateId }: DebateInitiated): void {
    this.open.add(debateId);
  }
}

// #region application
const kafka = await startEmbeddedKafka(); // one for the whole file: it is up in a third of a second
after(() => kafka.stop());

/** An application with topics and groups of its own, started; `caughtUp` waits until there is nothing left to do. */
async function application(name: string) {
  const config = KafkaConfig.from({ serviceName: name, topicPrefix: name, bootstrapServers: kafka.bootstrap, fetchMaxWaitMs: 50 });
  const container = new Container();
  container.load(kafkaModule({ config, events: [DebateInitiated], processors: [DebateProcessor] }));
  container.get<Notices>(TOKENS.Notices).onNotice(() => undefined); // else a warning that the topics have one copy only
  const service = container.get(KafkaService);
  await service.start();
  const caughtUp = async (): Promise<void> => {
    while (!(await service.caughtUp())) await pause(25);
  };
  return { service, caughtUp, bus: container.get(EventBus), processor: container.get(DebateProcessor) };
}
// #endregion

// #region tests
void test('a debate that was initiated is open', async () => {
  const { service, caughtUp, bus, processor } = await application('opens');
  await bus.publish(new DebateInitiated({ debateId: 'd-1' }));
  await caughtUp();
  await service.stop();
  assert.deepEqual([...processor.open], ['d-1']);
});

void test('an answer that is lost on the way costs nothing and doubles nothing', async () => {
  const { service, caughtUp, bus } = await application('loses-an-answer');
  const fault = await kafka.loseAnswers({ apis: ['Produce'] });
  const receipt = await bus.publish(new DebateInitiated({ debateId: 'd-2' }));
  await caughtUp();
  await service.stop();
  assert.equal(await fault.remove(), 1);
  assert.equal(receipt.where, 'kafka');
  assert.equal(service.getStats().processors['debate']!.outcomes.delivered, 1);
});
// #endregion
