// An application that is put together wrongly: everything that is wrong is told at once, before anything connects.
//
//   npm run build && node dist/examples/05-wiring-errors.js
//
// No Kafka is started or used.

import {
  DomainEvent,
  Handles,
  KafkaConfig,
  kafkaModule,
  KafkaService,
  Listens,
  Processor,
  ProcessorOptions,
  WiringError,
  type EventContext,
  type EventInit,
} from 'busbar';
import { IsIn, IsString } from 'class-validator';
import { Container, inject, injectable } from 'inversify';

@DomainEvent({ name: 'vote_cast', topic: 'votes', key: 'debateId' })
class VoteCast {
  @IsString() readonly debateId!: string;
  @IsIn(['yes', 'no']) readonly vote!: 'yes' | 'no';

  constructor(init: EventInit<VoteCast>) {
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

interface Rules {
  isDecided(debateId: string, vote: 'yes' | 'no'): boolean;
}
const RULES = Symbol.for('example.Rules');

@ProcessorOptions({ name: 'count', publishes: [DebateCompleted] })
@injectable()
class CountProcessor extends Processor {
  constructor(@inject(RULES) private readonly rules: Rules) {
    super();
  }

  @Handles(VoteCast)
  voted({ debateId, vote }: VoteCast, ctx: EventContext): void {
    if (this.rules.isDecided(debateId, vote)) ctx.publish(new DebateCompleted({ debateId }));
  }
}

@injectable()
class Announcer {
  @Listens(DebateCompleted)
  completed({ debateId }: DebateCompleted): void {
    console.log(`${debateId} is completed`);
  }
}

const settings = { serviceName: 'example', bootstrapServers: 'embedded', topicPrefix: 'example-05' };

// #region wrong
const wrong = new Container();
wrong.load(
  kafkaModule({
    config: KafkaConfig.from({ ...settings, topics: { vote: { partitions: 6 } } }),
    events: [VoteCast],
    processors: [CountProcessor, CountProcessor],
    listeners: [Announcer],
  }),
);
try {
  await wrong.get(KafkaService).start();
} catch (error) {
  if (!(error instanceof WiringError)) throw error;
  console.log(error.message);
}
// #endregion

// #region mended
const mended = new Container();
mended.bind<Rules>(RULES).toConstantValue({ isDecided: (_debateId, vote) => vote === 'yes' });
mended.load(
  kafkaModule({
    config: KafkaConfig.from({ ...settings, topics: { votes: { partitions: 6 } } }),
    events: [VoteCast, DebateCompleted],
    processors: [CountProcessor],
    listeners: [Announcer],
  }),
);
const map = mended.get(KafkaService).map(); // also before it starts
console.log(`\n${map.toString()}`);
// #endregion
