import { describe, expect, it } from 'vitest';

import type { ConsumeOptions, KafkaDriver, Subscription } from '../../src/kafka/driver.js';
import { EventBus } from '../../src/bus/event-bus.js';
import { JsonCodec } from '../../src/codec/json.js';
import { BusbarError } from '../../src/errors.js';
import { EventRegistry } from '../../src/event/event-registry.js';
import { TopicNames } from '../../src/kafka/topics.js';
import { Publisher } from '../../src/outbound/publisher.js';
import type { Processor } from '../../src/processor/processor.js';
import { ProcessorManager } from '../../src/processor/processor-manager.js';
import { Notices, type Notice } from '../../src/telemetry/notices.js';
import { billing } from '../support/billing.js';
import { OrderPlaced } from '../support/events.js';
import { deferred, settleDown, type Deferred } from '../support/records.js';

/** Joins when the test says so, and knows who has left. */
class JoiningDriver {
  readonly joins: { readonly options: ConsumeOptions; readonly joined: Deferred<void> }[] = [];
  closed = 0;
  /** Of every commit that was awaited; open at first. */
  committing: Promise<void> = Promise.resolve();

  get port(): KafkaDriver {
    return { consume: (options: ConsumeOptions) => this.#consume(options) } as KafkaDriver;
  }

  async #consume(options: ConsumeOptions): Promise<Subscription> {
    const joined = deferred<void>();
    this.joins.push({ options, joined });
    await joined.promise;
    const close = (): Promise<void> => {
      this.closed++;
      return Promise.resolve();
    };
    const membership = { joined: true, since: Date.now(), error: undefined };
    return { claims: () => [], membership, flush: () => this.committing, close };
  }
}

function setUp(processor: Processor = billing(() => undefined)) {
  const driver = new JoiningDriver();
  const notices = new Notices();
  const raised: Notice[] = [];
  notices.onNotice((notice) => raised.push(notice));
  const topics = new TopicNames('tests');
  const codec = new JsonCodec();
  const manager = new ProcessorManager({
    driver: driver.port,
    publisher: new Publisher({ driver: driver.port, codec, topics, notices }),
    registry: new EventRegistry([OrderPlaced]),
    codec,
    topics,
    mappings: new Map(),
    bus: new EventBus({ source: '/tests', notices }),
    store: undefined,
    notices,
    resolve: () => {
      throw new Error('there is no container');
    },
    source: '/tests',
    groupPrefix: 'tests',
    from: 'earliest',
    maxInFlight: 100,
    deliveryTimeoutMs: 1_000,
    drainMs: 1_000,
  });
  return { driver, manager, runner: manager.add(processor), raised };
}

describe('A processor', () => {
  it('stopped while it joins its group leaves it again, and did not start', async () => {
    const { driver, runner } = setUp();
    const started = runner.start();
    await settleDown();
    const stopped = runner.stop();
    driver.joins[0]?.joined.resolve();
    await expect(started).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    await stopped;
    expect(driver.closed).toBe(1);
    expect(runner.status().state).toBe('stopped');
  });

  it('stopped before it joins does not join', async () => {
    const opened = deferred<void>();
    const processor = billing(() => undefined);
    processor.onStart = () => opened.promise;
    const { driver, runner } = setUp(processor);
    const started = runner.start();
    const stopped = runner.stop();
    opened.resolve();
    await expect(started).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    await stopped;
    expect(driver.joins).toEqual([]);
    expect(runner.status().state).toBe('stopped');
  });

  it('that fails while it joins leaves its group, and can be started again', async () => {
    const { driver, runner } = setUp();
    const started = runner.start();
    await settleDown();
    driver.joins[0]?.options.onStopped(new BusbarError('OFFSETS_LOST', 'gone'));
    driver.joins[0]?.joined.resolve();
    await started;
    await runner.stop();
    expect(driver.closed).toBe(1);
    expect(runner.status()).toMatchObject({ state: 'failed', error: { code: 'OFFSETS_LOST' } });
    const again = runner.start();
    await settleDown();
    driver.joins[1]?.joined.resolve();
    await again;
    expect(runner.status()).toMatchObject({ state: 'running', error: undefined });
  });

  it('without a store that has lost its offset is told that what was handled is handled again, not of an inbox', async () => {
    const { driver, runner } = setUp();
    const started = runner.start();
    await settleDown();
    driver.joins[0]?.joined.resolve();
    await started;
    const assigned = (committed: number | undefined): Promise<number> | undefined =>
      driver.joins[0]?.options.start({
        topic: 'tests.orders',
        partition: 0,
        committed,
        beginning: 0,
        end: 9,
        commit: () => Promise.resolve(),
      });
    expect(await assigned(7)).toBe(7);
    await expect(assigned(undefined)).rejects.toMatchObject({
      code: 'OFFSETS_LOST',
      message: expect.stringContaining(
        'Commit 0 to read everything that is left (what was handled before is handled again), or 9',
      ) as string,
    });
    await runner.stop();
  });

  it('whose onStop fails has stopped all the same, and can be started again', async () => {
    const processor = billing(() => undefined);
    processor.onStop = () => Promise.reject(new Error('the file does not close'));
    const { driver, runner } = setUp(processor);
    const started = runner.start();
    await settleDown();
    driver.joins[0]?.joined.resolve();
    await started;
    await expect(runner.stop()).rejects.toThrow('the file does not close');
    expect(runner.status().state).toBe('stopped');
    const again = runner.start();
    await settleDown();
    driver.joins[1]?.joined.resolve();
    await again;
    expect(runner.status().state).toBe('running');
  });

  it('that cannot join says why, whatever goes wrong when the others are stopped again', async () => {
    const processor = billing(() => undefined);
    processor.onStop = () => Promise.reject(new Error('the file does not close'));
    const { driver, manager, raised } = setUp(processor);
    const started = manager.start();
    await settleDown();
    driver.joins[0]?.joined.reject(new BusbarError('BROKER_UNREACHABLE', 'nobody there'));
    await expect(started).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' });
    expect(raised.map(({ code }) => code)).toContain('CLEANUP_FAILED');
  });
});

describe('A processor that is to pause', () => {
  async function running() {
    const { driver, manager, runner, raised } = setUp();
    const started = runner.start();
    await settleDown();
    driver.joins[0]?.joined.resolve();
    await started;
    const state = () => runner.status().state;
    return { driver, manager, runner, raised, state };
  }

  it('has paused when its offsets are committed, and stays in its group', async () => {
    const { driver, manager, raised, state } = await running();
    const committed = deferred<void>();
    driver.committing = committed.promise;
    const paused = manager.pause('billing');
    await settleDown();
    expect(state()).toBe('pausing');
    committed.resolve();
    await paused;
    expect(state()).toBe('paused');
    expect(driver.closed).toBe(0);
    manager.resume('billing');
    expect(state()).toBe('running');
    expect(raised.map(({ code }) => code)).toEqual(['PROCESSOR_PAUSED', 'PROCESSOR_RESUMED']);
  });

  it('pauses all the same when offsets cannot be committed, and says so', async () => {
    const { driver, manager, raised, state } = await running();
    driver.committing = Promise.reject(new BusbarError('KAFKA_FAILED', 'no coordinator'));
    await manager.pause('billing');
    expect(state()).toBe('paused');
    expect(raised.map(({ code }) => code)).toEqual(['COMMIT_FAILED', 'PROCESSOR_PAUSED']);
  });

  it('may be asked twice, and may be resumed twice', async () => {
    const { manager, raised, state } = await running();
    await Promise.all([manager.pause('billing'), manager.pause('billing')]);
    await manager.pause('billing');
    expect(state()).toBe('paused');
    manager.resume('billing');
    manager.resume('billing');
    expect(state()).toBe('running');
    expect(raised.map(({ code }) => code)).toEqual(['PROCESSOR_PAUSED', 'PROCESSOR_RESUMED']);
  });

  it('has to run: the error says what to do instead', async () => {
    const { driver, manager, runner } = setUp();
    const stopped = 'processor billing is stopped: only one that runs can pause; service.processors.restart';
    await expect(manager.pause('billing')).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
      message: expect.stringContaining(stopped) as string,
    });
    expect(() => manager.resume('billing')).toThrow('only one that runs can resume');
    const started = runner.start();
    await settleDown();
    await expect(manager.pause('billing')).rejects.toThrow('wait until it runs');
    driver.joins[0]?.joined.resolve();
    await started;
    await expect(manager.pause('nobody')).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
  });

  it('ends in the state that was asked for last, and the call that lost says so', async () => {
    const { driver, manager, runner, state } = await running();
    const first = manager.pause('billing');
    manager.resume('billing');
    const second = manager.pause('billing');
    await expect(first).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    await second;
    expect(state()).toBe('paused');

    manager.resume('billing');
    const third = manager.pause('billing');
    manager.resume('billing');
    await expect(third).rejects.toThrow('processor billing is running: that was asked for before it had paused');
    expect(state()).toBe('running');

    const fourth = manager.pause('billing');
    const stopped = runner.stop();
    await expect(fourth).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    await stopped;
    expect(state()).toBe('stopped');
    expect(driver.closed).toBe(1);
  });

  it('is stopped, restarted and failed while it is paused as at any other time', async () => {
    const { driver, manager, runner, state } = await running();
    await manager.pause('billing');
    const restarted = manager.restart('billing');
    await settleDown();
    driver.joins[1]?.joined.resolve();
    await restarted;
    expect(state()).toBe('running');

    await manager.pause('billing');
    driver.joins[1]?.options.onStopped(new BusbarError('OFFSETS_LOST', 'gone'));
    expect(state()).toBe('failed');
    expect(() => manager.resume('billing')).toThrow('processor billing is failed');
    await runner.stop();
    expect(driver.closed).toBe(2);
  });
});
