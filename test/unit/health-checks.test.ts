import { describe, expect, it } from 'vitest';

import { BusbarError } from '../../src/errors.js';
import type { ProcessorRunner } from '../../src/processor/processor-runner.js';
import type { ProcessorState } from '../../src/processor/processor-status.js';
import { BrokerCheck } from '../../src/service/health/broker-check.js';
import { green, red, type Check, type Finding } from '../../src/service/health/check.js';
import { HealthMonitor } from '../../src/service/health/health-monitor.js';
import { ProcessorCheck } from '../../src/service/health/processor-check.js';
import { ProducerCheck } from '../../src/service/health/producer-check.js';
import { readingTrouble, type Reading } from '../../src/service/health/reading.js';
import { StoreCheck } from '../../src/service/health/store-check.js';
import type { Store } from '../../src/store/store.js';
import { Notices, type Notice } from '../../src/telemetry/notices.js';

const ago = (ms: number): number => Date.now() - ms;
/** What a check finds after it has asked. */
async function asked(check: Check): Promise<Finding> {
  await check.ask?.();
  return check.look();
}

const crash = new BusbarError('KAFKA_FAILED', 'the consumer of g crashed: no such codec');

describe('the reading of a group', () => {
  const reading = (parts: Partial<Reading> = {}): Reading => ({
    group: 'shop.orders',
    membership: { joined: true, since: ago(60_000), error: undefined },
    unsettled: [],
    blocked: [],
    stalledAfterMs: 8_000,
    slowFix: 'look',
    standing: [],
    ...parts,
  });
  const outside = (ms: number, error?: BusbarError): Reading => reading({ membership: { joined: false, since: ago(ms), error } });

  it('is well while it is a member and settles what waits', () => {
    const unsettled = [{ topic: 'orders', partition: 0, offset: 7, since: ago(7_000) }];
    expect(readingTrouble(reading({ unsettled }))).toBeUndefined();
  });

  it('is well during a rebalance, until that takes longer than any', () => {
    expect(readingTrouble(outside(29_000))).toBeUndefined();
    expect(readingTrouble(outside(31_000))).toMatchObject({
      status: 'red',
      message: 'it has waited 31 s to join its group again',
      fix: expect.stringContaining('--group shop.orders') as string,
    });
  });

  it('is in trouble from the moment its consumer died until another one has lived for a while', () => {
    expect(readingTrouble(outside(0, crash))?.message).toContain('no other has joined for 1 s: [KAFKA_FAILED] the consumer of g crashed');
    const joined = (ms: number): Reading => reading({ membership: { joined: true, since: ago(ms), error: crash } });
    expect(readingTrouble(joined(4_000))?.message).toContain('its consumer died and a new one has just joined');
    expect(readingTrouble(joined(6_000))).toBeUndefined();
  });

  it('names the partition that stands longest', () => {
    const unsettled = [
      { topic: 'orders', partition: 0, offset: 7, since: ago(9_000) },
      { topic: 'orders', partition: 1, offset: 12, since: ago(20_000) },
      { topic: 'orders', partition: 2, offset: 3, since: ago(1_000) },
    ];
    expect(readingTrouble(reading({ unsettled }))?.message).toBe(
      'nothing of orders/1 was settled for 20 s, it stands at offset 12; 1 more like it',
    );
    expect(readingTrouble(reading({ unsettled, stalledAfterMs: 30_000 }))).toBeUndefined();
  });
});

describe('a committed offset that stands', () => {
  const trouble = (ms: number, offset?: number): string | undefined =>
    readingTrouble({
      group: 'shop.orders',
      membership: undefined,
      unsettled: offset === undefined ? [] : [{ topic: 'orders', partition: 0, offset, since: ago(6_990) }],
      blocked: [],
      stalledAfterMs: 7_000,
      slowFix: 'look',
      standing: [{ topic: 'orders', partition: 0, committed: 3, lag: 2, since: ago(ms) }],
    })?.message;
  const behind = expect.stringContaining('2 records of orders/0 are behind its committed offset 3') as string;

  it('is told when nothing is being handled, or something else: then it is not committed', () => {
    expect(trouble(6_000)).toBeUndefined();
    expect(trouble(7_010)).toEqual(behind);
    expect(trouble(7_010, 4)).toEqual(behind);
  });

  it('is not told when the record there has just not taken too long, unless it begins again and again', () => {
    expect(trouble(7_010, 3)).toBeUndefined();
    expect(trouble(14_010, 3)).toEqual(behind);
  });
});

describe('a partition that waits before a batch that cannot be read', () => {
  const trouble = (error: BusbarError): Finding | undefined =>
    readingTrouble({
      group: 'shop.orders',
      membership: { joined: true, since: ago(60_000), error: undefined },
      unsettled: [],
      blocked: [{ topic: 'orders', partition: 1, offset: 7, next: 12, error }],
      stalledAfterMs: 8_000,
      slowFix: 'look',
      standing: [],
    });

  it('is named, with how to pass over the batch', () => {
    const found = trouble(new BusbarError('BATCH_UNREADABLE', 'a batch of 9 bytes is no lz4'));
    expect(found).toMatchObject({ status: 'red' });
    expect(found?.message).toBe('orders/1 waits at offset 7, others go on: [BATCH_UNREADABLE] a batch of 9 bytes is no lz4');
    expect(found).toMatchObject({ fix: expect.stringContaining('--group shop.orders --topic orders:1 --to-offset 12 ') as string });
  });

  it('is not passed over when only a package is missing', () => {
    const found = trouble(new BusbarError('COMPRESSION_MISSING', 'lz4 needs the package lz4-napi'));
    expect(found).toMatchObject({ fix: 'do what the error says: nothing is lost, it goes on where it waits' });
  });
});

describe('the check of the broker', () => {
  const brokers = (result: Promise<number>) => ({ brokers: () => result });
  const none = (): undefined => undefined;

  it('says what to do by what the broker has answered', async () => {
    const refused = new BusbarError('AUTHENTICATION_FAILED', 'cannot count the brokers: no');
    expect(await asked(new BrokerCheck(brokers(Promise.resolve(1)), none))).toEqual(green('a broker answers'));
    const found = await asked(new BrokerCheck(brokers(Promise.reject(refused)), none));
    expect(found).toMatchObject({ status: 'red', message: refused.message, fix: expect.stringContaining('KAFKA_SASL') as string });
    expect(found).toMatchObject({ fix: expect.stringMatching(/restart after a change; with OAUTHBEARER .* it is tried again$/) as string });
  });

  it('asks for a new process when the broker lived in this one', async () => {
    const ended = new BusbarError('EMBEDDED_CRASHED', 'the embedded Kafka broker ended unexpectedly: panic\n  at main');
    const found = await asked(new BrokerCheck(brokers(Promise.resolve(1)), () => ended));
    expect(found).toMatchObject({
      status: 'red',
      fatal: true,
      message: '[EMBEDDED_CRASHED] the embedded Kafka broker ended unexpectedly: panic',
    });
  });

  it('does not repeat the text of an error that is not from here', async () => {
    const { message } = await asked(new BrokerCheck(brokers(Promise.reject(new TypeError('password=secret'))), none));
    expect(message).toBe('TypeError; its notice says more');
  });
});

it('the check of the producer is red for what was staged and cannot be sent', () => {
  const queued = (): { records: number; bytes: number; oldestMs: number } => ({ records: 1, bytes: 10, oldestMs: 10 });
  const check = (unsent: readonly string[]): Finding =>
    new ProducerCheck({ queued, interruptions: () => [] }, () => [{ name: 'orders', unsent }]).look();
  expect(check([])).toEqual(green('what is published is acknowledged'));
  expect(check(['shipments'])).toMatchObject({ status: 'red', message: 'what processor orders has staged for shipments cannot be sent' });
});

it('the check of a processor says how to start it, and of one that is on its way to wait', () => {
  const found = (state: ProcessorState): Finding => {
    const runner = { name: 'orders', stalledAfterMs: 7_000, status: () => ({ state, stuck: [], partitions: [] }) };
    return new ProcessorCheck(runner as unknown as ProcessorRunner, () => undefined).look();
  };
  expect(found('stopped').fix).toBe("service.processors.restart('orders') starts it");
  for (const state of ['starting', 'stopping'] as const) {
    expect(found(state)).toMatchObject({
      status: 'red',
      message: `it is ${state} and reads nothing`,
      fix: expect.stringMatching(/^wait/) as string,
    });
  }
});

it('the check of the store is red after a transaction was lost', async () => {
  const store = { lostGroups: 2, transaction: () => Promise.resolve(undefined) };
  const check = new StoreCheck(store as unknown as Store);
  expect((await asked(check)).status).toBe('green');
  store.lostGroups = 3;
  expect((await asked(check)).message).toContain('STORE_FAILED');
  expect((await asked(check)).status).toBe('red');
});

describe('the monitor', () => {
  const standing: { finding: Finding } = { finding: green('well') };
  const check: Check = { name: 'it', look: () => standing.finding };

  function monitorOf(...checks: Check[]): { monitor: HealthMonitor; raised: Notice[] } {
    const notices = new Notices();
    const raised: Notice[] = [];
    notices.onNotice((notice) => raised.push(notice));
    return { monitor: new HealthMonitor(() => checks, notices), raised };
  }

  it('remembers since when a check is as it is, and tells of changes only', async () => {
    const { monitor, raised } = monitorOf(check);
    const end = monitor.watch();
    const [first] = (await monitor.round()).checks;
    expect((await monitor.round()).checks[0]?.since).toBe(first?.since);
    expect(raised).toEqual([]);

    standing.finding = red('broken', 'mend it');
    const [broken] = (await monitor.round()).checks;
    expect(broken).toMatchObject({ status: 'red', message: 'broken', fix: 'mend it' });
    expect(raised).toMatchObject([{ level: 'error', code: 'HEALTH_CHANGED', message: 'it is red: broken. What to do: mend it' }]);
    standing.finding = red('still broken', 'mend it');
    expect((await monitor.round()).checks[0]).toMatchObject({ since: broken?.since, message: 'still broken' });
    standing.finding = green('well');
    await monitor.round();
    expect(raised).toHaveLength(2);

    end();
    standing.finding = red('stopped', 'nothing');
    await monitor.round();
    expect(raised).toHaveLength(2);
    standing.finding = green('well');
  });

  it('gives one answer to all who ask at the same time', async () => {
    let looks = 0;
    let answer: () => void = () => undefined;
    const asking = (): Promise<void> => new Promise((resolve) => (answer = resolve));
    const { monitor } = monitorOf({ name: 'it', ask: asking, look: () => green(`look ${++looks}`) });
    const one = monitor.round();
    const other = monitor.round();
    expect(looks).toBe(0);
    answer();
    expect(await one).toBe(await other);
    expect(looks).toBe(1);
  });

  it('looks at what is so when everybody has answered', async () => {
    let answer: () => void = () => undefined;
    const { monitor } = monitorOf(check, {
      name: 'slow',
      ask: () => new Promise((resolve) => (answer = resolve)),
      look: () => green('well'),
    });
    const round = monitor.round();
    standing.finding = red('broken since', 'mend it');
    answer();
    expect((await round).checks[0]).toMatchObject({ status: 'red', message: 'broken since' });
    standing.finding = green('well');
  });

  it('takes a check that fails for a red one', async () => {
    const broken: Check = {
      name: 'broken',
      look() {
        throw new BusbarError('STORE_CLOSED', 'the store is not open');
      },
    };
    const { checks, fatal } = await monitorOf(broken, check).monitor.round();
    expect(checks.map(({ status }) => status)).toEqual(['red', 'green']);
    expect(checks[0]?.message).toContain('[STORE_CLOSED]');
    expect(fatal).toBe(false);
  });
});
