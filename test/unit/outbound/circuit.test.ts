import { describe, expect, it } from 'vitest';

import { partitionFor } from '../../../src/kafka/partitioner.js';
import { after, fakeTime, outage, TIMEOUT_MS, turns } from './outage.js';
import { envelope, numbers, outbound, unreachable } from './publisher-fixture.js';
import { gate } from './scripted-driver.js';

fakeTime();

describe('the circuit of a topic', () => {
  it('opens when its oldest event has waited half of the delivery timeout, not before, and then refuses at once', async () => {
    const { publish, publisher, notices } = outage();
    void publish('a');
    await after(59_999);
    void publish('b');
    await turns();
    expect(publisher.queued().records).toBe(2);
    expect(publisher.circuits().get('notes')).toEqual({ state: 'closed', openSince: null, refused: 0 });

    await after(1);
    await expect(publish('c')).rejects.toMatchObject({
      code: 'CIRCUIT_OPEN',
      certainty: 'not-sent',
      heard: false,
      retriable: true,
      message: '[CIRCUIT_OPEN] nothing for notes was acknowledged for 60 s; no broker has said why',
    });
    expect(notices).toMatchObject([{ level: 'error', code: 'CIRCUIT_OPENED', details: { topic: 'notes', waitedMs: 60_000 } }]);
    expect(publisher.circuits().get('notes')).toMatchObject({ state: 'open', openSince: new Date().toISOString(), refused: 1 });
    expect(publisher.queued().records).toBe(2);
  });

  it('stays closed in an outage of ten seconds: nothing is refused, and nothing is lost', async () => {
    const { driver, publish, publisher, recover, ends, codes } = outage();
    for (const text of numbers(10)) {
      void publish(text);
      await after(1_000);
    }
    recover();
    await turns();
    expect(await ends()).toEqual(numbers(10).map(() => 'safe'));
    expect(driver.on('notes', 0)).toEqual(numbers(10));
    expect(codes()).toEqual([]);
    // Nothing waits any more: nothing opens it later.
    await after(TIMEOUT_MS);
    expect(publisher.circuits().get('notes')).toMatchObject({ state: 'closed' });
  });

  it('leaves what is in the queue its place and its attempts, and closes with the first acknowledgement', async () => {
    const { driver, publish, recover, ends, notices, publisher } = outage({ limits: { batchRecords: 2 } });
    for (const text of numbers(7)) void publish(text);
    await after(60_500);
    void publish('refused');
    await after(29_500);
    recover();
    await turns();
    void publish('after');
    await turns();
    expect(await ends()).toEqual([...numbers(7).map(() => 'safe'), 'CIRCUIT_OPEN', 'safe']);
    expect(driver.on('notes', 0)).toEqual([...numbers(7), 'after']);
    expect(notices.at(-1)).toMatchObject({
      level: 'info',
      code: 'CIRCUIT_CLOSED',
      details: { topic: 'notes', openMs: 30_000, refused: 1 },
    });
    expect(publisher.circuits().get('notes')).toEqual({ state: 'closed', openSince: null, refused: 1 });
  });

  it('keeps the deadlines of what is in the queue', async () => {
    const { publish, ends, recover } = outage();
    void publish('a');
    await after(50_000);
    void publish('b');
    await after(70_250);
    recover();
    await turns();
    expect(await ends()).toEqual(['DELIVERY_TIMEOUT', 'safe']);
  });

  it('lets one event try after a second, while it refuses the others, and closes when that one is acknowledged', async () => {
    const { driver, publish, publisher, recover, ends } = outage();
    void publish('a');
    await after(60_999);
    void publish('too early');
    await after(1);
    expect(publisher.circuits().get('notes')).toMatchObject({ state: 'half-open' });
    expect(publisher.refuses('notes')).toBe(false);
    void publish('trial');
    void publish('beside');
    expect(publisher.circuits().get('notes')).toMatchObject({ state: 'open', refused: 2 });
    await after(60_000);
    void publish('still');
    recover();
    await turns();
    void publish('after');
    await turns();
    expect(await ends()).toEqual(['DELIVERY_TIMEOUT', 'CIRCUIT_OPEN', 'safe', 'CIRCUIT_OPEN', 'CIRCUIT_OPEN', 'safe']);
    // The first was with the broker at its deadline and in doubt.
    expect(driver.on('notes', 0)).toEqual(['a', 'trial', 'after']);
  });

  it('opens again for a second when the one that tries fails, as often as that happens', async () => {
    const { driver, publish, publisher, recover, ends, codes } = outage();
    void publish('a');
    for (const text of ['first trial', 'second trial']) {
      await after(TIMEOUT_MS + 1_000);
      void publish(text);
      void publish('beside');
    }
    await after(TIMEOUT_MS + 250);
    void publish('too early');
    await after(1_000);
    // Nothing waits, so nothing tells that the way is free: the next event does.
    expect(publisher.queued().records).toBe(0);
    expect(publisher.interruptions()).toMatchObject([{ topic: 'notes', refuses: false }]);
    recover();
    await turns();
    expect(publisher.circuits().get('notes')).toMatchObject({ state: 'closed' });
    void publish('last');
    await turns();
    expect((await ends()).slice(1)).toEqual([
      'DELIVERY_TIMEOUT',
      'CIRCUIT_OPEN',
      'DELIVERY_TIMEOUT',
      'CIRCUIT_OPEN',
      'CIRCUIT_OPEN',
      'safe',
    ]);
    expect(driver.on('notes', 0)).toContain('last');
    expect(codes()).toEqual(['CIRCUIT_OPENED', 'CIRCUIT_CLOSED']);
  });

  it('counts from the last acknowledgement, also when nothing new comes', async () => {
    const { driver, publish, publisher, codes } = outage({ limits: { batchRecords: 1 } });
    const gates = [gate(), gate(), gate()] as const;
    driver.before = ({ values }) => gates[Number(values[0])]!.opened;
    void publish('0');
    await turns();
    await after(50_000);
    void publish('1');
    void publish('2');
    gates[0].open();
    await turns();
    await after(59_999);
    expect(codes()).toEqual([]);
    await after(1);
    expect(codes()).toEqual(['CIRCUIT_OPENED']);
    gates[1].open();
    await turns();
    await after(59_999);
    expect(codes()).toEqual(['CIRCUIT_OPENED', 'CIRCUIT_CLOSED']);
    await after(1);
    expect(codes()).toEqual(['CIRCUIT_OPENED', 'CIRCUIT_CLOSED', 'CIRCUIT_OPENED']);
    gates[2].open();
    await publisher.flush();
  });

  it('opens again by the same rule after it has closed', async () => {
    const { publish, recover, failAgain, codes } = outage();
    void publish('a');
    await after(70_000);
    recover();
    await turns();
    failAgain();
    void publish('b');
    await after(59_999);
    expect(codes()).toEqual(['CIRCUIT_OPENED', 'CIRCUIT_CLOSED']);
    await after(1);
    expect(codes()).toEqual(['CIRCUIT_OPENED', 'CIRCUIT_CLOSED', 'CIRCUIT_OPENED']);
    recover();
    await turns();
  });

  it('stays closed while anything of the topic is acknowledged, whatever one of its partitions does', async () => {
    const { driver, publisher } = outbound();
    const stuck = gate();
    driver.count = async () => 2;
    driver.before = ({ partition }) => (partition === 0 ? stuck.opened : undefined);
    const keys = ['a', 'd'].map((key) => [key, partitionFor(Buffer.from(key), 2)] as const);
    expect(keys.map(([, partition]) => partition)).toEqual([0, 1]);
    for (let second = 0; second < 110; second++) {
      for (const [key] of keys) {
        const { safe } = await publisher.accept(envelope(`${key}${second}`, key), Date.now() + TIMEOUT_MS);
        safe.catch(() => undefined);
      }
      await turns();
      await after(1_000);
    }
    expect([...driver.log.keys()]).toEqual(['notes/1']);
    expect(publisher.queued().oldestMs).toBeGreaterThan(100_000);
    expect(publisher.circuits().get('notes')).toMatchObject({ state: 'closed', refused: 0 });
    stuck.open();
    await publisher.flush();
  });

  it('says what the driver has met, although its call is still under way', async () => {
    const { driver, publisher, publish, notices, recover } = outage();
    driver.retries = unreachable();
    void publish('a');
    await turns();
    await after(60_000);
    await expect(publish('b')).rejects.toMatchObject({
      message: '[CIRCUIT_OPEN] nothing for notes was acknowledged for 60 s; last: no broker answers',
      cause: { code: 'BROKER_UNREACHABLE' },
    });
    expect(notices[0]).toMatchObject({ code: 'CIRCUIT_OPENED', error: { code: 'BROKER_UNREACHABLE' } });
    expect(publisher.meters.of('notes').stats().lastError).toMatchObject({ code: 'BROKER_UNREACHABLE' });
    recover();
    await turns();
  });
});
