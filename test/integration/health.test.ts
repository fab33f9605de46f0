import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';

import Database from 'libsql';
import { afterAll, describe, expect, it } from 'vitest';

import type { Notice } from 'busbar';
import { startEmbeddedKafka } from 'busbar/embedded';
import { sqliteStore } from 'busbar/store';

import { aloneBecomesRed, becomes, becomesWell, check, Invoices, InvoiceSent, shop } from '../support/health.js';
import { OrderPlaced, Orders, stopApplications } from '../support/shop-application.js';

const directory = mkdtempSync(join(tmpdir(), 'busbar-health-'));
const brokers: { stop(): Promise<void> }[] = [];
/** Faults name a topic or a group of one test. */
const faulty = startEmbeddedKafka();
afterAll(async () => {
  await stopApplications();
  await (await faulty).stop();
  for (const broker of brokers) await broker.stop();
  rmSync(directory, { recursive: true });
});

/** What was told of one check. */
const told = (notices: readonly Notice[], name: string): Notice[] =>
  notices.filter(({ code, details }) => code === 'HEALTH_CHANGED' && details?.['check'] === name);

describe.concurrent('health', () => {
  it('says before the start, while it runs and after the stop how the service is, and never rejects', async () => {
    const { service } = await shop();
    const before = await service.healthCheck();
    expect(before).toMatchObject({ status: 'red', live: true, ready: false, checks: [{ name: 'service', fix: 'await start()' }] });

    const starting = service.start();
    expect(await service.healthCheck()).toMatchObject({ live: true, ready: false });
    await starting;
    const running = await service.healthCheck();
    expect(running).toMatchObject({ status: 'green', live: true, ready: true });
    expect(running.checks.map(({ name }) => name)).toEqual([
      'service',
      'broker',
      'producer',
      'bridge',
      'processor orders',
      'processor invoices',
    ]);
    expect(JSON.parse(JSON.stringify(running.checks[0]))).toMatchObject({
      name: 'service',
      status: 'green',
      since: expect.any(String) as string,
    });

    await service.stop();
    const after = await service.healthCheck();
    expect(after).toMatchObject({ status: 'red', live: true, ready: false, checks: [{ name: 'service', status: 'red' }] });
  });

  it('says that a service whose start failed needs a new process', async () => {
    const { service } = await shop({ createTopics: false });
    await expect(service.start()).rejects.toThrow('TOPIC_MISSING');
    expect(await service.healthCheck()).toMatchObject({ live: false, ready: false, checks: [{ name: 'service', status: 'red' }] });
  });

  it('turns red when a handler hangs, and green when it goes on; nothing else is red', async () => {
    const { container, service, bus, notices } = await shop();
    await service.start();
    let release: () => void = () => undefined;
    container.get(Orders).hold = new Promise((resolve) => (release = resolve));
    await bus.publish(new OrderPlaced({ orderId: 'o-1' }));

    const hanging = await aloneBecomesRed(service, 'processor orders', 'a handler began to hang');
    expect(hanging).toMatchObject({ live: true, ready: false });
    expect(check(hanging, 'processor orders').message).toMatch(/nothing of \S+\.orders\/\d was settled for \d+ s, it stands at offset 0/);
    expect(check(hanging, 'processor orders').fix).toContain('stalledAfterMs');

    release();
    const well = await becomesWell(service, 'processor orders', 'the handler went on');
    expect(check(well, 'processor orders').since.getTime()).toBeGreaterThan(check(hanging, 'processor orders').since.getTime());
    expect(told(notices, 'processor orders').map(({ level, details }) => [level, details])).toEqual([
      ['error', { check: 'processor orders', status: 'red' }],
      ['info', { check: 'processor orders', status: 'green' }],
    ]);
  });

  it('is not live while a handler goes on that was told to end', async () => {
    const { container, service, bus } = await shop();
    await service.start();
    let release: () => void = () => undefined;
    container.get(Invoices).hold = new Promise((resolve) => (release = resolve));
    await bus.publish(new InvoiceSent({ invoiceId: 'i-1' }));

    const stuck = await aloneBecomesRed(service, 'processor invoices', 'a handler was to end');
    expect(stuck).toMatchObject({ live: false, ready: false });
    expect(check(stuck, 'processor invoices').fix).toContain('restart the process');

    release();
    expect((await becomes(service, 'processor invoices', 'green', 'it has ended')).live).toBe(true);
  });

  it('turns red when the broker is gone, and green when it is back', async () => {
    const dataDir = join(directory, 'broker');
    const first = await startEmbeddedKafka({ dataDir });
    brokers.push(first);
    const port = Number(first.bootstrap.split(':')[1]);
    const { container, service, bus } = await shop({ bootstrapServers: first.bootstrap });
    await service.start();
    const { since } = check(await service.healthCheck(), 'broker');
    await first.stop();

    const gone = await becomes(service, 'broker', 'red', 'the broker was stopped');
    expect(gone).toMatchObject({ live: true, ready: false });
    expect(check(gone, 'broker').message).toContain('[BROKER_UNREACHABLE]');
    expect(check(gone, 'broker').fix).toContain('once one answers');
    expect(check(gone, 'broker').since.getTime()).toBeGreaterThan(since.getTime());
    const publishing = bus.publish(new OrderPlaced({ orderId: 'o-1' }));
    const waiting = await becomes(service, 'producer', 'red', 'something was published without a broker');
    expect(check(waiting, 'producer').message).toContain('the oldest of 1 events has waited');

    brokers.push(await startEmbeddedKafka({ dataDir, ports: [port] }));
    const back = await becomes(service, 'broker', 'green', 'the broker was back');
    expect(check(back, 'broker').since.getTime()).toBeGreaterThan(check(gone, 'broker').since.getTime());
    await publishing;
    await container.get(Orders).untilHandled(1);
    await becomesWell(service, 'processor orders', 'the broker was back');
  });

  it('turns red when the store is locked, also when nobody asks, and green when it is not', async () => {
    const file = join(directory, 'store.db');
    const { service, notices } = await shop({}, { store: sqliteStore({ open: () => new Database(file) }) });
    await service.start();
    expect(check(await service.healthCheck(), 'store').status).toBe('green');
    const changes = () => told(notices, 'store').map(({ details }) => details);
    const other = new Database(file);
    other.exec('begin immediate');
    const began = Date.now();
    while (changes().length === 0) await sleep(50);
    console.log(`health: told ${((Date.now() - began) / 1_000).toFixed(1)} s after the store was locked`);

    const locked = await aloneBecomesRed(service, 'store', 'that');
    expect(locked).toMatchObject({ live: true, ready: false });
    expect(check(locked, 'store').message).toMatch(/a write has waited for \d+ s/);
    expect(check(locked, 'store').fix).toContain('who holds the lock');

    other.exec('rollback');
    other.close();
    const well = await becomes(service, 'store', 'green', 'the store was released');
    expect(check(well, 'store').since.getTime()).toBeGreaterThan(check(locked, 'store').since.getTime());
    expect(changes()).toEqual([
      { check: 'store', status: 'red' },
      { check: 'store', status: 'green' },
    ]);
  });

  it('turns red while a consumer dies again and again, and green when its successor lives', async () => {
    const broker = await faulty;
    const { container, service, bus, config } = await shop({ bootstrapServers: broker.bootstrap }, { listeners: [] });
    await service.start();
    const topic = `${config.topicPrefix}.orders`;
    const crashing = await broker.fail({ apis: ['Fetch'], topic, error: 'UNKNOWN_SERVER_ERROR', count: -1 });

    const died = await aloneBecomesRed(service, 'processor orders', 'a consumer died');
    expect(died).toMatchObject({ live: true, ready: false });
    expect(check(died, 'processor orders').message).toMatch(/its consumer died and .*\[KAFKA_FAILED\] the consumer of .* crashed/);
    while ((await crashing.hits()) < 3) {
      await sleep(50);
      expect(check(await service.healthCheck(), 'processor orders').since).toEqual(check(died, 'processor orders').since);
    }
    await crashing.remove();

    await becomesWell(service, 'processor orders', 'the reason was gone');
    await bus.publish(new OrderPlaced({ orderId: 'o-1' }));
    await container.get(Orders).untilHandled(1);
  });

  it('turns red when what is settled cannot be committed, and green when it can', async () => {
    const broker = await faulty;
    const { container, service, bus, config } = await shop({ bootstrapServers: broker.bootstrap });
    await service.start();
    const error = 'COORDINATOR_LOAD_IN_PROGRESS';
    const failing = await broker.fail({ apis: ['OffsetCommit'], group: `${config.groupId}.orders`, error, count: -1 });
    await bus.publish(new OrderPlaced({ orderId: 'o-1' }));
    await container.get(Orders).untilHandled(1);

    const behind = await aloneBecomesRed(service, 'processor orders', 'its commits began to fail');
    expect(check(behind, 'processor orders').message).toMatch(
      /records of \S+\.orders\/\d are behind its committed offset 0, which has not moved/,
    );
    expect(check(behind, 'processor orders').fix).toContain('COMMIT_FAILED');

    await failing.remove();
    await becomesWell(service, 'processor orders', 'commits were taken');
  });

  it('turns red when what a handler staged is refused, and green when it is taken', async () => {
    const broker = await faulty;
    const { container, service, bus, config } = await shop({ bootstrapServers: broker.bootstrap });
    await service.start();
    const orders = container.get(Orders);
    let release: () => void = () => undefined;
    orders.hold = new Promise((resolve) => (release = resolve));
    await bus.publish(new OrderPlaced({ orderId: 'o-1' }));
    const topic = `${config.topicPrefix}.orders`;
    const refusing = await broker.fail({ apis: ['Produce'], topic, error: 'TOPIC_AUTHORIZATION_FAILED', count: -1 });
    release();

    const refused = await becomes(service, 'producer', 'red', 'the topic was closed to the service');
    expect(check(refused, 'producer').message).toBe(`what processor orders has staged for ${topic} cannot be sent`);
    expect(refused.live).toBe(true);
    await refusing.remove();
    await becomes(service, 'producer', 'green', 'it was opened again');
  });

  it('turns red when a listener to what others publish hangs, and green when it goes on', async () => {
    const { service, bus, config } = await shop();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    bus.subscribe(OrderPlaced, () => held);
    await service.start();
    const other = await shop({ serviceName: 'other', topicPrefix: config.topicPrefix }, { processors: [], listeners: [] });
    await other.service.start();
    await other.bus.publish(new OrderPlaced({ orderId: 'o-1' }));

    const hanging = await aloneBecomesRed(service, 'bridge', 'a listener began to hang');
    expect(check(hanging, 'bridge').fix).toContain('listeners');
    await becomesWell(other.service, 'bridge', 'the other service heard nothing');
    release();
    await becomesWell(service, 'bridge', 'it went on');
  });

  it('says of a processor that has stopped how to start it again', async () => {
    const { service } = await shop();
    await service.start();
    await service.processors.runner('orders').stop();

    const stopped = await aloneBecomesRed(service, 'processor orders', 'it was stopped');
    expect(check(stopped, 'processor orders').fix).toContain(`service.processors.restart('orders')`);
    await service.processors.restart('orders');
    await becomes(service, 'processor orders', 'green', 'it was started again');
  });
});

it('is not live any more when the embedded broker of the process has ended', async () => {
  const { service } = await shop({ bootstrapServers: 'embedded' });
  await faulty;
  const started = once(process, 'worker') as Promise<[Worker]>;
  await service.start();
  const [thread] = await started;
  await thread.terminate();

  let gone = await becomes(service, 'broker', 'red', 'the thread of the broker ended');
  // It may have been found unreachable a moment before it was known why.
  while (gone.live) gone = await service.healthCheck();
  expect(gone.ready).toBe(false);
  expect(check(gone, 'broker').message).toContain('[EMBEDDED_CRASHED]');
  expect(check(gone, 'broker').fix).toContain('restart the process');
});
