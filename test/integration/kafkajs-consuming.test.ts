import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import { BusbarError } from '../../src/errors.js';
import type { Claim, GroupMembership, KafkaDriver, StartPosition } from '../../src/kafka/driver.js';
import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import { Notices, type Notice } from '../../src/telemetry/notices.js';
import { gate, Reader, records, soon, text, until, type ReaderOptions } from '../../src/testing/driver-conformance-stage.js';
import { uniquePrefix } from '../support/kafka.js';
import { kafkajsClient } from '../support/kafkajs-client.js';

describe('consuming with kafkajs while brokers fail', () => {
  const running = startEmbeddedKafka({ nodes: 2 });
  let driver: KafkaDriver;
  let topic: string;
  let group: string;
  let raised: Notice[];

  beforeEach(async () => {
    raised = [];
    const notices = new Notices();
    notices.onNotice((notice) => raised.push(notice));
    const brokers = (await running).bootstrap.split(',');
    driver = kafkajsDriver({ brokers, clientId: 'faults', fetchMaxWaitMs: 50, requestTimeoutMs: 2_000, sessionTimeoutMs: 2_000 }, notices);
    await driver.connect();
    topic = uniquePrefix();
    group = uniquePrefix();
    await driver.admin.ensureTopics([{ topic, partitions: 2, replicationFactor: 1, configs: {} }]);
  });
  afterEach(() => driver.close(5_000));
  afterAll(async () => (await running).stop());

  const produce = (partition: number, ...values: string[]): Promise<number> => driver.produce(topic, partition, records(...values), soon());
  const codes = (): string[] => raised.filter(({ level }) => level !== 'info').map(({ code }) => code);
  const committed = async (partition: number): Promise<number | undefined> =>
    (await driver.admin.committed(group, topic))[partition]!.offset;

  async function joined(options: ReaderOptions = {}): Promise<Reader> {
    const reader = new Reader(driver, topic, group, options);
    await reader.join();
    return reader;
  }

  it('goes on after a rebalance without a second delivery of what was settled', async () => {
    const reader = await joined();
    await produce(0, 'a', 'b');
    await reader.read(2);
    await (await running).fail({ apis: ['Heartbeat'], group, error: 'REBALANCE_IN_PROGRESS' });
    await until(() => reader.revoked.length === 2);
    await produce(0, 'c');

    expect((await reader.read(3)).map(text)).toEqual(['a', 'b', 'c']);
  });

  it('lets a handler end that outlasts the session while a rebalance waits for it, and keeps what it did', async () => {
    const handling = gate();
    const delivered: string[] = [];
    const reader = await joined({
      handle: async () => {
        delivered.push('first member');
        await handling.promise;
      },
    });
    await produce(0, 'a');
    await until(() => delivered.length === 1);
    const second = new Reader(driver, topic, group, { handle: () => Promise.resolve(void delivered.push('second member')) });
    const joining = second.join();
    await until(() => reader.revoked.length === 2);
    // Longer than the session of two seconds, shorter than the drain.
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    handling.open();
    await joining;
    await until(async () => (await committed(0)) === 1);
    await second.subscription.close();
    expect(delivered).toEqual(['first member']);
  });

  it('hands nothing over after a rebalance that was fetched before it, and commits nothing for a claim of before', async () => {
    const kafka = await running;
    const handling = gate();
    const calls: { readonly claim: Claim; readonly values: string[] }[] = [];
    const reader = await joined({
      handle: ({ claim, records: read }) => {
        calls.push({ claim, values: read.map(text) });
        return claim === calls[0]!.claim ? handling.promise : Promise.resolve();
      },
      settle: () => false,
      // Gives its partitions up at once, with a handler at work and a batch behind it.
      onRevoked: () => Promise.resolve(),
    });
    await produce(0, 'a');
    await until(() => calls.length === 1);
    const fetched = await kafka.delay({ apis: ['Fetch'], ms: 0, count: -1 });
    await produce(0, 'b');
    await until(async () => (await fetched.hits()) > 4);
    await fetched.remove();
    await kafka.fail({ apis: ['Heartbeat'], group, error: 'REBALANCE_IN_PROGRESS' });
    await until(() => calls.some(({ claim }) => claim !== calls[0]!.claim));
    const [before] = calls;
    handling.open();
    await reader.idle();
    before!.claim.settled(1);
    await reader.subscription.flush();

    expect(before!.claim.owned()).toBe(false);
    expect(await committed(0)).toBeUndefined();
    expect(calls.filter(({ claim }) => claim === before!.claim).map(({ values }) => values)).toEqual([['a']]);
    await until(
      () =>
        calls
          .filter(({ claim }) => claim !== before!.claim)
          .flatMap(({ values }) => values)
          .join() === 'a,b',
    );
  });

  it('may be closed inside a handler, which then has its time to end', async () => {
    const closed: string[] = [];
    const reader = await joined({
      handle: async () => {
        await driver.close(300);
        closed.push('in the handler');
      },
    });
    await produce(0, 'a');
    await until(() => closed.length === 1);
    await until(() => reader.subscription.claims().length === 0);
    expect(reader.revoked.every((claim) => claim.signal.aborted && !claim.owned())).toBe(true);
  });

  it('goes on after its coordinator moved, also when the last commit found nobody', async () => {
    const kafka = await running;
    const reader = await joined();
    await produce(0, 'a', 'b');
    await reader.read(2);
    const was = await kafka.coordinator(group);
    do await kafka.moveCoordinators();
    while ((await kafka.coordinator(group)) === was);
    await until(() => reader.revoked.length === 2);
    await produce(0, 'c');

    expect((await reader.read(3)).map(text)).toEqual(['a', 'b', 'c']);
    await until(async () => (await committed(0)) === 3);
  });

  it('follows a leader that moves', async () => {
    const kafka = await running;
    const reader = await joined();
    for (let i = 0; i < 6; i++) {
      await kafka.moveLeader(topic, 0, i % 2);
      await produce(0, String(i));
    }

    expect((await reader.read(6)).map(text)).toEqual(['0', '1', '2', '3', '4', '5']);
  });

  it('replaces a consumer that crashed, tells what was lost, and loses no record', async () => {
    const kafka = await running;
    const lost: boolean[] = [];
    const standing: GroupMembership[] = [];
    const reader = await joined({
      onRevoked: (_claims, gone) => {
        lost.push(gone);
        standing.push(reader.subscription.membership);
        return Promise.resolve();
      },
    });
    await produce(0, 'a');
    await reader.read(1);
    await reader.subscription.flush();
    await kafka.fail({ apis: ['Fetch'], topic, error: 'UNKNOWN_SERVER_ERROR' });
    await produce(0, 'b');

    expect((await reader.read(2)).map(text)).toEqual(['a', 'b']);
    expect(lost).toEqual([true]);
    expect(standing).toMatchObject([{ joined: false, error: { code: 'KAFKA_FAILED' } }]);
    expect(reader.subscription.membership).toMatchObject({ joined: true, error: { code: 'KAFKA_FAILED' } });
    expect(reader.revoked.every((claim) => claim.signal.aborted && !claim.owned())).toBe(true);
    expect(codes()).toEqual(['CONSUMER_RESTARTED']);
  });

  it('gives up what it holds when no heartbeat is answered for a session, and joins anew', async () => {
    const kafka = await running;
    const reader = await joined();
    await produce(0, 'a');
    await reader.read(1);
    const hanging = [
      await kafka.delay({ apis: ['Heartbeat'], ms: 3_000, count: 1 }),
      await kafka.delay({ apis: ['Fetch'], ms: 3_000, count: 2 }),
    ];
    await until(() => reader.revoked.length === 2);
    for (const fault of hanging) await fault.remove();
    await produce(0, 'b');

    expect(new Set((await reader.read(2)).map(text))).toEqual(new Set(['a', 'b']));
    expect(codes()).toContain('CONSUMER_RESTARTED');
  });

  it('commits again when a commit failed, and says so when it keeps failing', async () => {
    const kafka = await running;
    const reader = await joined();
    const failing = await kafka.fail({ apis: ['OffsetCommit'], error: 'COORDINATOR_LOAD_IN_PROGRESS', count: -1 });
    await produce(0, 'a');
    await reader.read(1);
    await until(() => codes().includes('COMMIT_FAILED'));
    expect(await committed(0)).toBeUndefined();
    await failing.remove();

    await until(async () => (await committed(0)) === 1);
    expect(reader.revoked).toEqual([]);
  });

  it('asks the caller when an offset is out of range, keeps the committed offset, and resets nothing', async () => {
    const asked: StartPosition[] = [];
    const start = (position: StartPosition): Promise<number> => {
      if (position.partition === 0) asked.push(position);
      if (position.committed !== undefined && position.committed < position.beginning) {
        return Promise.reject(new BusbarError('OFFSETS_LOST', 'records are gone'));
      }
      return Promise.resolve(position.committed ?? position.beginning);
    };
    const kafka = await running;
    const reader = await joined({ start });
    await produce(0, 'a', 'b');
    await reader.read(2);
    await reader.subscription.flush();
    // While a fetch from offset 2 waits, the record there goes.
    const held = await kafka.delay({ apis: ['Fetch'], nodes: [await kafka.leader(topic, 0)], ms: 1_000 });
    await until(async () => (await held.hits()) === 1);
    await produce(0, 'c', 'd', 'e');
    const admin = kafkajsClient(kafka.bootstrap).admin();
    await admin.connect();
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '4' }] });
    await admin.disconnect();

    expect((await reader.stopped).code).toBe('OFFSETS_LOST');
    expect(reader.records.map(text)).toEqual(['a', 'b']);
    expect(asked.at(-1)).toMatchObject({ committed: 2, beginning: 4, end: 5 });
    await reader.subscription.close();
    expect(await committed(0)).toBe(2);
  });

  it('reads on where it was when kafkajs reset itself for nothing', async () => {
    const reader = await joined();
    await produce(0, 'a', 'b');
    await reader.read(2);
    await reader.subscription.flush();
    const fault = await (await running).fail({ apis: ['Fetch'], topic, partitions: [0], error: 'OFFSET_OUT_OF_RANGE' });
    await until(async () => (await fault.hits()) === 1);
    await produce(0, 'c');

    expect((await reader.read(3)).map(text)).toEqual(['a', 'b', 'c']);
    await until(async () => (await committed(0)) === 3);
  });

  it('fetches nothing before it was said where to begin', async () => {
    const kafka = await running;
    const opened = gate();
    await produce(0, 'a');
    const reader = await joined({ start: ({ beginning }) => opened.promise.then(() => beginning) });
    const fetched = await kafka.fail({ apis: ['Fetch'], topic, error: 'OFFSET_OUT_OF_RANGE', count: -1 });
    const heartbeats = await kafka.delay({ apis: ['Heartbeat'], ms: 0, count: -1 });
    await until(async () => (await heartbeats.hits()) >= 3);
    expect(await fetched.remove()).toBe(0);
    opened.open();

    expect((await reader.read(1)).map(text)).toEqual(['a']);
  });

  it('ends also while it is joining', async () => {
    const kafka = await running;
    const delayed = await kafka.delay({ apis: ['JoinGroup'], ms: 700 });
    const joining = new Reader(driver, topic, group).join().catch((error: unknown) => error);
    await until(async () => (await delayed.hits()) === 1);
    await driver.close(5_000);

    expect(await joining).toBeInstanceOf(BusbarError);
  });
});
