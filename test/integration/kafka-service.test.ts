import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { injectable } from 'inversify';
import Database from 'libsql';
import { afterEach, describe, expect, it } from 'vitest';

import type { EventContext } from '../../src/bus/event-context.js';
import { Listens } from '../../src/bus/listens.js';
import { fail } from '../../src/policy/policy.js';
import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor } from '../../src/processor/processor.js';
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { until } from '../support/application.js';
import { sharedKafka } from '../support/kafka.js';
import { kafkajsClient } from '../support/kafkajs-client.js';
import { application, Audit, OrderPlaced, Orders, stopApplications } from '../support/shop-application.js';

afterEach(stopApplications);

const nothing = { delivered: 0, handled: 0, duplicate: 0, ignored: 0, skipped: 0, deadLettered: 0, parked: 0, inFlight: 0, abandoned: 0 };

describe('an application in a container', () => {
  it('publishes an event, which reaches the listener here and, through Kafka, the handler of its processor', async () => {
    const { container, service, bus } = await application();
    expect(service.getStats()).toMatchObject({ state: 'created', processors: {} });
    await service.start();
    expect(service.getStats()).toMatchObject({ state: 'running', processors: { orders: { outcomes: nothing } } });

    const receipt = await bus.publish(new OrderPlaced({ orderId: 'o-1' }));
    expect(receipt).toMatchObject({ where: 'kafka', offset: 0 });
    const orders = container.get(Orders);
    await orders.untilHandled(1);
    expect(orders.handled).toEqual(['o-1']);
    expect(container.get(Audit).heard).toEqual(['o-1']);

    await service.stop();
    const { state, processors } = service.getStats();
    expect(state).toBe('stopped');
    expect(processors['orders']?.outcomes).toMatchObject({ handled: 1, inFlight: 0, abandoned: 0 });
    const { delivered, ...ended } = processors['orders']?.outcomes ?? nothing;
    expect(delivered).toBe(Object.values(ended).reduce((sum, count) => sum + count, 0));
  });

  it('lets a handler that runs end before it stops, and commits what it did', async () => {
    const { container, service, bus, config } = await application();
    await service.start();
    const orders = container.get(Orders);
    let release: () => void = () => undefined;
    orders.hold = new Promise((resolve) => (release = resolve));
    const began = new Promise<void>((resolve) => (orders.began = resolve));
    await bus.publish(new OrderPlaced({ orderId: 'o-1' }));
    await began;

    const stopping = service.stop();
    release();
    await stopping;
    expect(orders.handled).toEqual(['o-1']);
    expect(service.getStats().processors['orders']?.outcomes).toMatchObject({ handled: 1, abandoned: 0 });

    const { topicPrefix } = config;
    const next = await application({ topicPrefix });
    await next.service.start();
    await next.bus.publish(new OrderPlaced({ orderId: 'o-2' }));
    const successor = next.container.get(Orders);
    await successor.untilHandled(1);
    expect(successor.handled).toEqual(['o-2']);
  });

  it('abandons a handler that does not end by the deadline, and its event comes again after the next start', async () => {
    const { container, service, bus, config } = await application();
    await service.start();
    const orders = container.get(Orders);
    let release: () => void = () => undefined;
    orders.hold = new Promise((resolve) => (release = resolve));
    const began = new Promise<void>((resolve) => (orders.began = resolve));
    await bus.publish(new OrderPlaced({ orderId: 'o-1' }));
    await began;
    await service.stop({ deadlineMs: 400 });
    expect(service.getStats().processors['orders']?.outcomes).toMatchObject({ delivered: 1, handled: 0, inFlight: 0, abandoned: 1 });
    release();

    const { topicPrefix } = config;
    const next = await application({ topicPrefix });
    await next.service.start();
    const successor = next.container.get(Orders);
    await successor.untilHandled(1);
    expect(successor.handled).toEqual(['o-1']);
  });

  it('finds its topics on the broker, and a dead-letter topic for what its processors read', async () => {
    const { service, config } = await application({ numPartitions: 2 });
    await service.start();
    const admin = kafkajsClient((await sharedKafka()).bootstrap).admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata();
    await admin.disconnect();
    const { topicPrefix: prefix } = config;
    const ours = topics.filter(({ name }) => name.startsWith(`${prefix}.`)).map(({ name, partitions }) => [name, partitions.length]);
    expect(new Map(ours as [string, number][])).toEqual(
      new Map([
        [`${prefix}.orders`, 2],
        [`${prefix}.orders.dead-letter`, 2],
      ]),
    );
  });

  it('opens its store before the processors start and closes it when they have ended', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'busbar-service-'));
    const store = sqliteStore({ open: () => new Database(join(dir, 'shop.db')) });
    @ProcessorOptions({ name: 'counting' })
    @injectable()
    class Counting extends Processor {
      override async onStart(): Promise<void> {
        await store.transaction((tx) => tx.run('create table orders (id text)'));
      }
      @Handles(OrderPlaced) placed({ orderId }: OrderPlaced, ctx: EventContext): void {
        ctx.transaction((tx) => void tx.run('insert into orders values (?)', orderId));
      }
    }
    const { service, bus } = await application({}, { processors: [Counting], store });
    await service.start();
    await bus.publish(new OrderPlaced({ orderId: 'o-1' }));
    await expect.poll(() => service.getStats().processors['counting']?.outcomes.handled).toBe(1);
    expect(await store.read('select id from orders')).toEqual([{ id: 'o-1' }]);
    await service.stop();
    await expect(Promise.resolve().then(() => store.read('select id from orders'))).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    rmSync(dir, { recursive: true });
  });

  it('says at the start what of its configuration has no effect', async () => {
    const { service, notices } = await application({ retries: 3 });
    await service.start();
    expect(notices).toContainEqual(
      expect.objectContaining({ level: 'warn', code: 'CONFIG_WARNING', message: expect.stringContaining('KAFKA_RETRIES) has no effect') }),
    );
  });

  it('does not wait for a listener that never ends longer than until the deadline of the stop', async () => {
    @injectable()
    class Endless {
      @Listens(OrderPlaced) placed(_event: OrderPlaced): Promise<void> {
        return new Promise(() => undefined);
      }
    }
    const { service, bus, notices } = await application({}, { listeners: [Endless], processors: [] });
    await service.start();
    // Its promise waits for the listener, until the delivery deadline.
    bus.publish(new OrderPlaced({ orderId: 'o-1' })).catch(() => undefined);
    await service.stop({ deadlineMs: 300 });
    expect(service.state).toBe('stopped');
    expect(notices).toContainEqual(expect.objectContaining({ message: expect.stringContaining('listeners were still at work') }));
  });

  it('lets nothing out before it runs and after it has stopped', async () => {
    const { service, bus } = await application();
    const publish = () => bus.publish(new OrderPlaced({ orderId: 'o-1' }));
    await expect(publish()).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION', certainty: 'not-sent' });
    await service.start();
    await publish();
    await service.stop();
    await expect(publish()).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  });

  it('tells which processor has stopped and why, and starts it again where it was', async () => {
    let broken = true;
    const seen: string[] = [];
    @ProcessorOptions({ name: 'strict', onError: [fail()] })
    @injectable()
    class Strict extends Processor {
      @Handles(OrderPlaced) placed({ orderId }: OrderPlaced): void {
        if (broken) throw new Error('no paper');
        seen.push(orderId);
      }
    }
    const { service, bus } = await application({}, { processors: [Strict], listeners: [] });
    expect(() => service.processors).toThrow(/ILLEGAL_TRANSITION/);
    await service.start();
    await bus.publish(new OrderPlaced({ orderId: 'o-1' }));
    await until(() => service.processors.status().get('strict')?.state === 'failed');
    await expect(service.caughtUp()).rejects.toMatchObject({ code: 'HANDLER_FAILED' });
    broken = false;
    await service.processors.restart('strict');
    await until(() => service.caughtUp());
    expect(seen).toEqual(['o-1']);
    expect(() => service.processors.runner('stric')).toThrow(/ARGUMENT_INVALID.*did you mean 'strict'/);
    await expect(service.processors.pause('other')).rejects.toThrow(/there are strict/);
  });

  it('is stopped by unbindAllAsync, and unbindAll is enough where nothing runs', async () => {
    const one = await application();
    await one.service.start();
    await one.container.unbindAllAsync();
    expect(one.service.state).toBe('stopped');
    const other = await application();
    other.container.unbindAll();
    expect(other.service.state).toBe('created');
  });
});
