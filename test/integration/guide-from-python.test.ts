import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

import { IsString } from 'class-validator';
import { Container, injectable } from 'inversify';
import { expect, it, onTestFinished } from 'vitest';

import {
  deadLetter,
  DomainEvent,
  EventBus,
  Handles,
  KafkaConfig,
  kafkaModule,
  KafkaService,
  Processor,
  ProcessorOptions,
  retry,
  TOKENS,
  type EventContext,
  type EventInit,
  type Notices,
} from 'busbar';

import { until } from '../support/application.js';
import { sharedKafka, uniquePrefix } from '../support/kafka.js';

// From the compiled test back to the sources.
const ENV_FILE = new URL('../../../test/fixtures/python-layer.env', import.meta.url);

it('reads the environment of a Python layer, and says what has no effect', () => {
  const env = parseEnv(readFileSync(ENV_FILE, 'utf8'));
  const config = KafkaConfig.fromEnv(env);
  expect(config).toMatchObject({ serviceName: 'debates', groupId: 'debate-workers', autoOffsetReset: 'latest', lingerMs: 10, acks: '1' });
  expect(config.warnings).toEqual(
    // #region warnings
    [
      'KAFKA_ENABLE_AUTO_COMMIT has no effect: offsets are committed after the outcome of a record, never before',
      'KAFKA_RETRIES has no effect: sending is repeated until KAFKA_DELIVERY_TIMEOUT_MS',
      'KAFKA_ACKS is 1: an event that counts as safe may be lost when a broker fails',
    ],
    // #endregion
  );
  const { KAFKA_SERVICE_NAME: _serviceName, ...before } = env;
  expect(() => KafkaConfig.fromEnv(before)).toThrow('KAFKA_SERVICE_NAME');
});

const lines: string[] = [];
const log = (line: string): void => void lines.push(line);
const holdDebate = (debateId: string): Promise<void> => Promise.resolve(log(`${debateId} is held`));

// #region processor
@DomainEvent({ name: 'debate_initiated', topic: 'debate-events', key: 'debateId' })
class DebateInitiated {
  @IsString() readonly debateId!: string;
  @IsString() readonly title!: string;

  constructor(init: EventInit<DebateInitiated>) {
    Object.assign(this, init);
  }
}

@DomainEvent({ name: 'debate_completed', topic: 'debate-events', key: 'debateId' })
class DebateCompleted {
  @IsString() readonly debateId!: string;

  constructor(init: EventInit<DebateCompleted>) {
    Object.assign(this, init);
  }
}

@ProcessorOptions({ name: 'debate', publishes: [DebateCompleted], onError: [retry({ attempts: 3, otherwise: deadLetter() })] })
@injectable()
class DebateProcessor extends Processor {
  @Handles(DebateInitiated)
  async initiated({ debateId }: DebateInitiated, ctx: EventContext): Promise<void> {
    await holdDebate(debateId); // what it throws is tried again, and then put aside as a dead letter
    ctx.publish(new DebateCompleted({ debateId })); // leaves when the handler has succeeded
  }
}
// #endregion

it('publishes by name, hears by name, processes, and says how it is', async () => {
  const { bootstrap: bootstrapServers } = await sharedKafka();
  const config = KafkaConfig.from({ serviceName: 'debates', bootstrapServers, topicPrefix: uniquePrefix(), fetchMaxWaitMs: 50 });
  // #region container
  const container = new Container();
  container.load(kafkaModule({ config, events: [DebateInitiated, DebateCompleted], processors: [DebateProcessor] }));
  const service = container.get(KafkaService);
  // #endregion
  container.get<Notices>(TOKENS.Notices).onNotice(() => undefined);

  // #region service
  service.addEventHandler('debate_completed', (data, { metadata }) => {
    log(`${metadata.name}: ${String(data['debateId'])}`);
  });
  await service.start();

  const data = { debateId: 'd-1', title: 'Statically typed records' };
  await service.publishEvent('debate-events', data, { name: 'debate_initiated', partitionKey: 'd-1' });
  // The same with a class, which the compiler checks:
  await container.get(EventBus).publish(new DebateInitiated({ debateId: 'd-2', title: 'Pattern matching' }));

  const { status, checks } = await service.healthCheck();
  log(`${status}, ${checks.length} checks`);
  // #endregion
  onTestFinished(() => service.stop());
  await until(() => service.caughtUp());
  expect(lines.toSorted()).toEqual([
    'd-1 is held',
    'd-2 is held',
    'debate_completed: d-1',
    'debate_completed: d-2',
    expect.stringMatching(/^green, \d checks$/),
  ]);
});
