import 'reflect-metadata';

import { IsString } from 'class-validator';
import { Container, inject, injectable } from 'inversify';
import Database from 'libsql';
import { afterEach, describe, expect, it } from 'vitest';

import { EventBus } from '../../src/bus/event-bus.js';
import type { EventContext } from '../../src/bus/event-context.js';
import { KafkaConfig, type KafkaSettings } from '../../src/config/kafka-config.js';
import type { EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { deadLetter, retry } from '../../src/policy/policy.js';
import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor } from '../../src/processor/processor.js';
import { kafkaModule, type KafkaModuleOptions } from '../../src/service/kafka-module.js';
import { KafkaService } from '../../src/service/kafka-service.js';
import { TOKENS } from '../../src/service/tokens.js';
import type { Notice, Notices } from '../../src/telemetry/notices.js';
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { until } from '../support/application.js';
import { temporaryDatabase } from '../support/billing.js';
import { deferred } from '../support/records.js';

@DomainEvent({ name: 'task_given', topic: 'tasks', key: 'person' })
class TaskGiven {
  @IsString() readonly person!: string;
  @IsString() readonly text!: string;
  constructor(init: EventInit<TaskGiven>) {
    Object.assign(this, init);
  }
}

@DomainEvent({ name: 'task_done', topic: 'done', key: 'person' })
class TaskDone {
  @IsString() readonly person!: string;
  @IsString() readonly text!: string;
  constructor(init: EventInit<TaskDone>) {
    Object.assign(this, init);
  }
}

@DomainEvent({ name: 'task_noted', topic: 'notes', key: 'person' })
class TaskNoted {
  @IsString() readonly person!: string;
  constructor(init: EventInit<TaskNoted>) {
    Object.assign(this, init);
  }
}

/** Does every task, `hard` ones at the second attempt and `impossible` ones never. */
@ProcessorOptions({
  name: 'work',
  concurrency: 4,
  publishes: [TaskDone],
  onError: [retry({ attempts: 3, backoffMs: 1, otherwise: deadLetter() })],
})
@injectable()
class Work extends Processor {
  readonly done: string[] = [];
  hold: Promise<void> | undefined;

  @Handles(TaskGiven)
  async given({ person, text }: TaskGiven, ctx: EventContext): Promise<void> {
    await this.hold;
    if (text === 'impossible' || (text === 'hard' && ctx.attempt === 1)) throw new Error(text);
    this.done.push(`${person} ${text}`);
    for (let part = 0; part < 3; part++) ctx.publish(new TaskDone({ person, text: `${text} ${part}` }));
  }
}

@ProcessorOptions({ name: 'praise' })
@injectable()
class Praise extends Processor {
  readonly praised: string[] = [];

  @Handles(TaskDone)
  done({ text }: TaskDone): void {
    this.praised.push(text);
  }
}

/** Publishes before it reads. */
@ProcessorOptions({ name: 'eager' })
@injectable()
class Eager extends Processor {
  readonly noted: string[] = [];

  constructor(@inject(EventBus) private readonly bus: EventBus) {
    super();
  }

  override async onStart(): Promise<void> {
    await this.bus.publish(new TaskNoted({ person: 'Ada' }));
  }

  @Handles(TaskNoted)
  note({ person }: TaskNoted): void {
    this.noted.push(person);
  }
}

const running: KafkaService[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop()));
});

async function started(settings: KafkaSettings = {}, more: Partial<KafkaModuleOptions> = {}) {
  const config = KafkaConfig.from({ serviceName: 'office', enabled: false, topics: { tasks: {}, done: {}, notes: {} }, ...settings });
  const container = new Container();
  container.load(kafkaModule({ config, events: [TaskGiven, TaskDone, TaskNoted], processors: [Work, Praise], ...more }));
  const notices: Notice[] = [];
  container.get<Notices>(TOKENS.Notices).onNotice((notice) => notices.push(notice));
  const service = container.get(KafkaService);
  running.push(service);
  await service.start();
  const found = <T>(type: new () => T): T => (container.isBound(type) ? container.get(type) : new type());
  return { container, service, notices, bus: container.get(EventBus), work: found(Work), praise: found(Praise) };
}

const task = (text: string, person = 'Ada') => new TaskGiven({ person, text });
const codes = (notices: readonly Notice[]) => notices.map(({ code }) => code);

describe('a service with KAFKA_ENABLED=false', () => {
  it('handles what is published, says that it is in memory, and warns at the start', async () => {
    const { bus, work, praise, service, notices } = await started();
    const receipt = await bus.publish(task('easy'));
    await until(() => service.caughtUp());

    expect(receipt).toMatchObject({ where: 'memory', listenerErrors: [], envelope: { name: 'task_given', key: 'Ada' } });
    expect(work.done).toEqual(['Ada easy']);
    expect(praise.praised).toEqual(['easy 0', 'easy 1', 'easy 2']);
    const [warning, ...others] = notices.filter(({ code }) => code === 'CONFIG_WARNING');
    expect(warning!.message).toContain('enabled in code (KAFKA_ENABLED) is false: events stay in the memory of this process');
    expect(others).toEqual([]);
  });

  it('keeps the order of each key, over retries', async () => {
    const { bus, work, service } = await started();
    const people = ['Ada', 'Bob', 'Eve'];
    const texts = Array.from({ length: 30 }, (_, i) => (i % 10 === 3 ? 'hard' : `task ${i}`));
    await bus.publishAll(texts.flatMap((text) => people.map((person) => task(text, person))));
    await until(() => service.caughtUp());
    for (const person of people) {
      expect(work.done.filter((entry) => entry.startsWith(person))).toEqual(texts.map((text) => `${person} ${text}`));
    }
  });

  it('dead-letters what cannot be handled, and goes on', async () => {
    const { bus, work, service, notices } = await started();
    await bus.publishAll([task('impossible'), task('easy')]);
    await until(() => service.caughtUp());
    expect(work.done).toEqual(['Ada easy']);
    expect(service.processors.status().get('work')!.outcomes).toMatchObject({ delivered: 2, handled: 1, deadLettered: 1 });
    expect(codes(notices)).toContain('DEAD_LETTERED');
  });

  it('needs no leave to create topics, and keeps nothing of one that nobody reads', async () => {
    const { bus, service, notices } = await started({ createTopics: false, replicationFactor: 3 });
    for (let i = 0; i < 100; i++) expect(await bus.publish(new TaskNoted({ person: 'Ada' }))).toMatchObject({ where: 'memory' });
    await service.stop();
    expect(codes(notices)).not.toContain('RECORDS_DROPPED');
  });

  it('handles everything that was published before it stops, derived events included', async () => {
    const { bus, work, praise, service, notices } = await started();
    const opened = deferred<void>();
    work.hold = opened.promise;
    await bus.publishAll(Array.from({ length: 200 }, (_, i) => task(`task ${i}`, `person ${i % 7}`)));
    const stopping = service.stop();
    await expect(bus.publish(task('late'))).rejects.toMatchObject({ code: 'BUS_CLOSED', certainty: 'not-sent' });
    opened.resolve();
    await stopping;
    expect(work.done.length).toBe(200);
    expect(praise.praised.length).toBe(600);
    expect(codes(notices)).not.toContain('RECORDS_DROPPED');
  });

  it('says how much is gone when a stop does not wait for its handlers', async () => {
    const { bus, work, service, notices } = await started();
    const opened = deferred<void>();
    work.hold = opened.promise;
    await bus.publishAll([task('one'), task('two')]);
    await service.stop({ deadlineMs: 50 });
    opened.resolve();
    expect(notices.find(({ code }) => code === 'RECORDS_DROPPED')?.details).toEqual({ records: 2 });
  });

  it('says the same of an event by name that no class is registered for', async () => {
    const { service } = await started();
    expect(await service.publishEvent('notes', { person: 'Ada' }, { name: 'note_lost' })).toMatchObject({ where: 'memory' });
  });

  it('keeps for a processor what is published before it reads', async () => {
    const { container, service } = await started({}, { processors: [Eager] });
    await until(() => service.caughtUp());
    expect(container.get(Eager).noted).toEqual(['Ada']);
  });

  it('misses nothing that was published while a processor was restarted', async () => {
    const { bus, work, service } = await started();
    await bus.publish(task('before'));
    await until(() => service.caughtUp());
    const restarting = service.processors.restart('work');
    await bus.publish(task('meanwhile'));
    await restarting;
    await until(() => service.caughtUp());
    expect(work.done).toEqual(['Ada before', 'Ada meanwhile']);
  });
});

describe('a store that an earlier process has used', () => {
  /** Runs the service once on the store; what was handled, and the outcomes. */
  async function run(path: string, events: readonly (readonly [TaskGiven, string])[]) {
    const { bus, work, service } = await started({}, { store: sqliteStore({ open: () => new Database(path) }) });
    for (const [event, id] of events) await bus.publish(event, { id });
    await until(() => service.caughtUp());
    const { outcomes } = service.processors.status().get('work')!;
    await service.stop();
    return { done: work.done, outcomes };
  }

  it('still recognises what was handled, and is no reason to stop', async () => {
    const path = temporaryDatabase();
    expect((await run(path, [[task('one'), '1']])).done).toEqual(['Ada one']);
    expect(
      (
        await run(path, [
          [task('one'), '1'],
          [task('two'), '2'],
        ])
      ).done,
    ).toEqual(['Ada two']);
  });

  it('does not take a record for another that was dead-lettered at its place in the log', async () => {
    const path = temporaryDatabase();
    expect((await run(path, [[task('impossible'), '1']])).outcomes).toMatchObject({ deadLettered: 1 });
    expect((await run(path, [[task('easy'), '1']])).done).toEqual(['Ada easy']);
  });
});

describe('when processors do not keep up', () => {
  it('publish waits and is refused at its deadline, and handlers are never held up by that', async () => {
    const { bus, work, praise, service } = await started({ bufferMemory: 65_536, deliveryTimeoutMs: 1_000 });
    const opened = deferred<void>();
    work.hold = opened.promise;
    let published = 0;
    const publishing = (async () => {
      for (; published < 2_000; published++) await bus.publish(task('much', `person ${published}`));
    })();
    await expect(publishing).rejects.toMatchObject({ code: 'BUFFER_FULL', certainty: 'not-sent', retriable: true });
    expect(published).toBeGreaterThan(100);

    // It is full, and three times as many derived events go out: if these waited too, this would never end.
    opened.resolve();
    await until(() => service.caughtUp());
    expect(praise.praised.length).toBe(3 * published);
    expect(await bus.publish(task('again'))).toMatchObject({ where: 'memory' });
  });
});
