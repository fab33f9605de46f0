import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { PublishError } from 'busbar';
import { startEmbeddedKafka, type EmbeddedKafka } from 'busbar/embedded';
import { sqliteStore } from 'busbar/store';

import { until } from '../support/application.js';
import { becomes, becomesWell, check } from '../support/health.js';
import { OrderPlaced } from '../support/shop-application.js';
import { adminOf, choose, committed, numbered, publishOnceTaken, running, stopShops } from '../support/supervised-shop.js';

/** More than the client library, the session and the rebalance have patience for. */
const OUTAGE_MS = 90_000;

const directory = mkdtempSync(join(tmpdir(), 'busbar-outages-'));
const dataDir = join(directory, 'broker');
let starting: Promise<EmbeddedKafka>;
const broker = (): Promise<EmbeddedKafka> => starting;
beforeAll(() => void (starting = startEmbeddedKafka({ dataDir })));
afterAll(async () => {
  await stopShops();
  await (await broker()).stop();
  rmSync(directory, { recursive: true });
});

describe('a service', () => {
  it('says of a topic that is gone for a while what is missing, takes no event for safe meanwhile, and asks where to go on when it is back', async () => {
    const store = sqliteStore({ open: () => new Database(join(directory, 'topic.db')) });
    const { service, bus, orders, topic, group, publish } = await running(broker(), { deliveryTimeoutMs: 3_000 }, { store });
    const admin = await adminOf(await broker());
    await publish(...numbered('old', 3));
    await until(async () => (await committed(admin, group, topic)) === 6);
    await admin.deleteTopics({ topics: [topic] });
    await expect(publish('while it is gone')).rejects.toMatchObject({ name: 'PublishError' });

    let gone = await becomes(service, 'processor orders', 'red', 'its topic was deleted');
    while (!check(gone, 'processor orders').message.includes('TOPIC_MISSING')) gone = await service.healthCheck();
    expect(check(gone, 'processor orders').message).toContain(`a topic is missing of ${topic}`);
    expect(check(gone, 'processor orders').fix).toContain('create it again');

    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    let back = await service.healthCheck();
    while (!check(back, 'processor orders').message.includes('OFFSETS_LOST')) back = await service.healthCheck();
    await publishOnceTaken(bus, 'after');
    expect(orders.handled).toEqual(numbered('old', 3));

    await choose(admin, group, topic, 0);
    await service.processors.restart('orders');
    await orders.untilHandled(4);
    expect(orders.handled.at(-1)).toBe('after');
  });
  it(`goes on by itself after a broker was gone for ${OUTAGE_MS / 1_000} s, and loses nothing`, async () => {
    const store = sqliteStore({ open: () => new Database(join(directory, 'outage.db')) });
    const { service, bus, orders, publish } = await running(broker(), {}, { store });
    await publish(...numbered('before', 20));
    await orders.untilHandled(20);
    const { bootstrap } = await broker();
    await (await broker()).stop();
    const began = Date.now();
    const gone = await becomes(service, 'broker', 'red', 'the broker was stopped');
    expect(gone.live).toBe(true);
    // Published all the time; when the first of them have waited for a minute, new ones are refused.
    const published: Promise<string | undefined>[] = [];
    for (let i = 0; Date.now() < began + OUTAGE_MS; i++) {
      const orderId = `meanwhile-${i}`;
      const taken = bus.publish(new OrderPlaced({ orderId })).then(
        () => orderId,
        (error: PublishError) => {
          expect(error).toMatchObject({ code: 'CIRCUIT_OPEN', certainty: 'not-sent' });
          return undefined;
        },
      );
      published.push(taken);
      await sleep(1_000);
    }
    expect((await service.healthCheck()).checks.filter(({ status }) => status === 'red').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['broker', 'producer', 'processor orders']),
    );
    starting = startEmbeddedKafka({ dataDir, ports: [Number(bootstrap.split(':')[1])] });
    await starting;
    const taken = (await Promise.all(published)).filter((orderId) => orderId !== undefined);
    expect(taken.length).toBeGreaterThan(30);
    await publishOnceTaken(bus, 'after');
    await until(() => new Set(orders.handled).size >= 21 + taken.length);
    expect(new Set(orders.handled)).toEqual(new Set([...numbered('before', 20), ...taken, 'after']));
    await becomesWell(service, 'processor orders', 'the broker was back');
  });
});
