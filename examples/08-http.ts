// HTTP: a service shows how it is and what it does, and takes events, over HTTP on this machine.
//
//   npm run build && node dist/examples/08-http.js
//
// It uses the Kafka at KAFKA_BOOTSTRAP_SERVERS if that is set, else the embedded broker.

import { setTimeout as pause } from 'node:timers/promises';

import { DomainEvent, Handles, KafkaConfig, kafkaModule, KafkaService, Processor, ProcessorOptions, type EventInit } from 'busbar';
import { serveHttp } from 'busbar/http';
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

@ProcessorOptions({ name: 'tally' })
@injectable()
class TallyProcessor extends Processor {
  readonly outcomes: string[] = [];

  @Handles(DecisionMade)
  decided({ outcome }: DecisionMade): void {
    this.outcomes.push(outcome);
  }
}

const config = KafkaConfig.fromEnv(process.env, {
  serviceName: 'example',
  topicPrefix: 'example-08',
  bootstrapServers: process.env['KAFKA_BOOTSTRAP_SERVERS'] || 'embedded',
});
const container = new Container();
container.load(kafkaModule({ config, events: [DecisionMade], processors: [TallyProcessor] }));
const service = container.get(KafkaService);

// #region serve
const { address } = await serveHttp(service, { port: 0 }); // before the start, so that probes have an answer from the beginning
// #endregion
await show('GET', '/health/ready');
await service.start();

const decision = { topic: 'decision-events', name: 'decision_made', data: { debateId: 'd-1', outcome: 'accepted' }, id: 'decision-1' };
await show('POST', '/kafka/events', decision);
await show('POST', '/kafka/events', { ...decision, data: { debateId: 'd-1', outcome: 'perhaps' } });
await show('POST', '/kafka/events', { ...decision, name: 'decision_maid' });
await show('POST', '/kafka/events', { topic: 'decision-events', name: 'decision_made' });
await show('POST', '/kafka/topics', { name: 'notes', partitions: 2 });
await show('GET', '/kafka/topics/notes');

while (!(await service.caughtUp())) await pause(25);
await show('GET', '/health/ready');
await service.stop(); // closes the server too

async function show(method: 'GET' | 'POST', path: string, body?: object): Promise<void> {
  console.log(`${method} ${path}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`);
  const init = body === undefined ? { method } : { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(address + path, init);
  console.log(`${response.status} ${readable(await response.json())}\n`);
}

/** What has no parts within stands on one line; times differ in each run. */
function readable(body: unknown): string {
  return JSON.stringify(body, null, 2)
    .replaceAll(/[[{][^[\]{}]*[\]}]/g, (part) => part.replaceAll(/\s+/g, ' '))
    .replaceAll(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"<time>"');
}
