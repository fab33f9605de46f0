import { gzipSync } from 'node:zlib';

import { IsString } from 'class-validator';
import { injectable } from 'inversify';
import kafkajs from 'kafkajs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';

import type { EventContext } from '../../src/bus/event-context.js';
import type { EventInit } from '../../src/event/contract.js';
import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { useCompressions } from '../../src/kafka/kafkajs/compression.js';
import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor } from '../../src/processor/processor.js';
import type { KafkaService } from '../../src/service/kafka-service.js';
import { until } from '../support/application.js';
import { everythingOn, startedClient } from '../support/client.js';
import { becomes, check } from '../support/health.js';
import { kafkajsClient } from '../support/kafkajs-client.js';
import { deferred } from '../support/records.js';
import { application, OrderPlaced, OrderShipped, Orders, stopApplications } from '../support/shop-application.js';

// Each is told what is wrong and what to do, and loses nothing of the others. docs/operations.md has the list.

class OrderDrafted {
  @IsString() readonly orderId!: string;
  constructor(init: EventInit<OrderDrafted>) {
    Object.assign(this, init);
  }
}

const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'it did not fail',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

afterEach(stopApplications);

describe('an event', () => {
  const onTheLog = async (service: KafkaService): Promise<unknown[]> =>
    (await everythingOn(service.client, 'orders')).map(({ key }) => key);

  it('of a class without decorator is refused at the start, and by publish where it was forgotten', async () => {
    const { service } = await application({}, { events: [OrderPlaced, OrderShipped, OrderDrafted] });
    expect(await failure(service.start())).toBe(
      `[WIRING_INVALID] one thing is wrong with how the application is put together; nothing was connected
  1. OrderDrafted is in \`events\` and is no event
     fix: decorate the class OrderDrafted itself with @DomainEvent({ name: '…', topic: '…' })`,
    );
    const { service: running, bus } = await startedClient();
    expect(await failure(bus.publish(new OrderDrafted({ orderId: 'x' })))).toBe(
      '[NOT_AN_EVENT] OrderDrafted is no event: decorate the class itself with @DomainEvent({ name, topic, … })',
    );
    await bus.publish(new OrderPlaced({ orderId: 'next' }));
    expect(await onTheLog(running)).toEqual(['next']);
  });

  it('that breaks the rules of its class is refused with what is wrong, not with what is in it, and is not sent', async () => {
    const { service, bus } = await startedClient();
    const invalid = bus.publish(new OrderPlaced({ orderId: { secret: 'canary' } as never }));
    expect(await failure(invalid)).toBe('[EVENT_INVALID] order_placed version 1: orderId must be a string (is object)');
    await bus.publish(new OrderPlaced({ orderId: 'next' }));
    expect(await onTheLog(service)).toEqual(['next']);
  });
});

describe('a topic that is missing where none may be created', () => {
  it('refuses the start, all of them named', async () => {
    const { service, config } = await application({ createTopics: false });
    const prefix = config.topicPrefix;
    expect(await failure(service.start())).toBe(
      `[TOPIC_MISSING] not on the broker: ${prefix}.orders (3 partitions), ${prefix}.orders.dead-letter (3 partitions); create them, or allow it with KAFKA_CREATE_TOPICS=true`,
    );
  });
});

describe('a handler that', () => {
  /** What it does with the order `bad`; the others are handled. */
  async function handling(bad: (ctx: EventContext) => Promise<void> | void, handlerTimeoutMs?: number) {
    @ProcessorOptions({ name: 'desk', handlerTimeoutMs })
    @injectable()
    class Desk extends Processor {
      readonly handled: string[] = [];
      @Handles(OrderPlaced) placed({ orderId }: OrderPlaced, ctx: EventContext): Promise<void> | void {
        if (orderId === 'bad') return bad(ctx);
        this.handled.push(orderId);
        return undefined;
      }
    }
    const parts = await application({ topics: { orders: { partitions: 1 } } }, { processors: [Desk], listeners: [] });
    await parts.service.start();
    const desk = parts.container.get(Desk);
    const orders = ['before', 'bad', 'after'].map((orderId) => new OrderPlaced({ orderId }));
    await parts.bus.publishAll(orders);
    const outcomes = () => parts.service.processors.runner('desk').status().outcomes;
    return { ...parts, desk, outcomes };
  }

  it.each([
    ['throws a TypeError', () => (undefined as unknown as { total(): void }).total(), /^TypeError: Cannot read properties of undefined/],
    [
      'rejects later',
      () => new Promise<void>((_, reject) => setTimeout(() => reject(new RangeError('no such account')), 20)),
      /^RangeError: no such account$/,
    ],
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what an application may do
    ['rejects with what is no error', () => Promise.reject(undefined), /^undefined$/],
  ])('%s is tried again, then its event is put aside, and the others are handled', async (_, bad, reason) => {
    const { service, desk, outcomes, config } = await handling(bad);
    await until(() => service.caughtUp());
    expect(desk.handled).toEqual(['before', 'after']);
    expect(outcomes()).toMatchObject({ delivered: 3, handled: 2, deadLettered: 1, inFlight: 0, abandoned: 0 });
    const [letter, ...more] = await everythingOn(service.client, 'orders.dead-letter');
    expect(more).toEqual([]);
    expect(letter?.headers).toMatchObject({ 'x-dlq-code': 'HANDLER_FAILED', 'x-dlq-stage': 'handle', 'x-dlq-attempts': '3' });
    expect(letter?.headers['x-dlq-reason']).toMatch(reason);
    const [, original] = await everythingOn(service.client, 'orders');
    expect([letter?.key, letter?.value]).toEqual([original?.key, original?.value]);
    expect(config.topicPrefix).toBeDefined();
  });

  it('never returns lets its partition wait, and health says which handler and what to do; ended, it is tried again', async () => {
    const release = deferred<void>();
    let calls = 0;
    const { service, desk, outcomes, config, notices } = await handling(() => (++calls === 1 ? release.promise : undefined), 100);
    const health = await becomes(service, 'processor desk', 'red', 'a handler did not return');
    await until(() => service.processors.runner('desk').status().stuck.length > 0);
    const now = check(await service.healthCheck(), 'processor desk');
    expect(health.checks.find(({ name }) => name === 'processor desk')?.status).toBe('red');
    expect([now.message, now.fix]).toEqual([
      `a handler did not end when it was told to, and its partition waits: ${config.topicPrefix}.orders/0`,
      'restart the process. Then let the handler heed ctx.signal, and bound whatever it waits for',
    ]);
    expect(notices.filter(({ code }) => code === 'HANDLER_STUCK')).toMatchObject([{ level: 'error', details: { offset: 1 } }]);
    expect(desk.handled).toEqual(['before']);
    expect(outcomes()).toMatchObject({ delivered: 2, handled: 1, inFlight: 1 });
    release.resolve();
    await until(() => service.caughtUp());
    expect(desk.handled).toEqual(['before', 'after']);
    expect(outcomes()).toMatchObject({ delivered: 3, handled: 3, inFlight: 0 });
  });
});

describe('a batch of gzip that inflates to 1 GB', () => {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  // Apache Kafka looks into a batch and refuses such ones; what a broker has from elsewhere it hands out as it is.
  const running = startEmbeddedKafka({ configs: { 'message.max.bytes': '2000000' } });
  afterAll(async () => (await running).stop());

  it('is not read: its partition waits, health says before which offset, and other partitions go on', async () => {
    const { bootstrap } = await running;
    const { service, config, container } = await application({ bootstrapServers: bootstrap }, { listeners: [] });
    await service.start();
    const topic = `${config.topicPrefix}.orders`;
    const producer = kafkajsClient(bootstrap).producer();
    await producer.connect();
    const put = (partition: number, orderId: string) => ({
      partition,
      value: JSON.stringify({ orderId }),
      headers: { ce_specversion: '1.0', ce_type: 'order_placed', ce_id: orderId, ce_source: '/elsewhere' },
    });
    await producer.send({ topic, messages: [put(0, 'before')] });
    // A gzip may consist of many.
    const megabyte = gzipSync(Buffer.alloc(1024 * 1024));
    const bomb = Buffer.concat(Array.from({ length: 1024 }, () => megabyte));
    CompressionCodecs[CompressionTypes.GZIP] = () => ({ compress: () => Promise.resolve(bomb) });
    try {
      await producer.send({ topic, compression: CompressionTypes.GZIP, messages: [put(0, 'bomb')] });
    } finally {
      useCompressions();
    }
    await producer.send({ topic, messages: [put(0, 'behind'), put(1, 'elsewhere')] });
    await producer.disconnect();

    const health = await becomes(service, 'processor orders', 'red', 'a batch inflates to 1 GB');
    expect(check(health, 'processor orders').message).toBe(
      `${topic}/0 waits at offset 1, others go on: [BATCH_UNREADABLE] a batch of ${bomb.length} bytes of gzip inflates to more than 134217728 bytes`,
    );
    const orders = container.get(Orders);
    await orders.untilHandled(2);
    expect(orders.handled.toSorted()).toEqual(['before', 'elsewhere']);
    expect(service.processors.runner('orders').status().outcomes).toMatchObject({ deadLettered: 0, skipped: 0, inFlight: 0 });
  });
});
