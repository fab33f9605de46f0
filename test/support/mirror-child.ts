// One instance of a service that publishes and hears messages, in a process of its own. Its argument is a MirrorInstance
// as JSON; it is told by messages what to publish and asked whether everything was heard.
import 'reflect-metadata';

import { appendFileSync } from 'node:fs';

import { IsInt } from 'class-validator';
import { Container, injectable } from 'inversify';

import type { EventContext } from '../../src/bus/event-context.js';
import { EventBus } from '../../src/bus/event-bus.js';
import { Listens } from '../../src/bus/listens.js';
import { KafkaConfig } from '../../src/config/kafka-config.js';
import type { EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { kafkaModule } from '../../src/service/kafka-module.js';
import { KafkaService } from '../../src/service/kafka-service.js';
import type { MirrorAnswer, MirrorInstance, MirrorRequest } from './mirror-instance.js';

const { serviceName, topicPrefix, bootstrapServers, heardFile } = JSON.parse(process.argv[2] ?? '') as MirrorInstance;

@DomainEvent({ name: 'message_sent', topic: 'messages', key: (event: MessageSent) => String(event.number % 100) })
class MessageSent {
  @IsInt() readonly number!: number;
  constructor(init: EventInit<MessageSent>) {
    Object.assign(this, init);
  }
}

@injectable()
class Ears {
  /** What was heard survives this process: the line is written before the event counts as heard. */
  @Listens(MessageSent) sent({ number }: MessageSent, { metadata }: EventContext): void {
    appendFileSync(heardFile, `${metadata.source} ${number}\n`);
  }
}

const config = KafkaConfig.from({
  serviceName,
  topicPrefix,
  bootstrapServers,
  fetchMaxWaitMs: 100,
  topics: { messages: { partitions: 6 } },
});
const container = new Container();
container.load(kafkaModule({ config, events: [MessageSent], listeners: [Ears] }));
const service = container.get(KafkaService);
const bus = container.get(EventBus);

async function answerTo(request: MirrorRequest): Promise<MirrorAnswer> {
  if (request.kind === 'caughtUp') return { kind: 'caughtUp', value: await service.caughtUp() };
  const numbers = Array.from({ length: request.to - request.from }, (_, i) => request.from + i);
  await Promise.all(numbers.map((number) => bus.publish(new MessageSent({ number }))));
  return { kind: 'published' };
}

process.on('message', (request: MirrorRequest) => {
  void answerTo(request).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => void service.stop().then(() => process.exit()));
await service.start();
process.send?.({ kind: 'started' } satisfies MirrorAnswer);
