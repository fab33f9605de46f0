import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { TOKENS, type KafkaModuleOptions, type KafkaSettings, type Notice, type Notices, type PublishError, type Receipt } from 'busbar';
import { startEmbeddedKafka } from 'busbar/embedded';

import { until } from '../support/application.js';
import { becomes } from '../support/health.js';
import { application, Audit, OrderPlaced, Orders, stopApplications } from '../support/shop-application.js';

const directory = mkdtempSync(join(tmpdir(), 'busbar-circuit-'));
const brokers: { stop(): Promise<void> }[] = [];
/** Faults name the topic of one test. */
const faulty = startEmbeddedKafka();
afterAll(async () => {
  await stopApplications();
  await (await faulty).stop();
  for (const broker of brokers) await broker.stop();
  rmSync(directory, { recursive: true });
});

interface Sending {
  readonly orderId: string;
  readonly end: Promise<PromiseSettledResult<Receipt>>;
}

/** What a test does with an application that is to meet an outage. */
async function shop(bootstrapServers: string, settings: KafkaSettings, more: Partial<KafkaModuleOptions> = {}) {
  const made = await application({ bootstrapServers, ...settings }, more);
  await made.service.start();
  return {
    ...made,
    topic: `${made.config.topicPrefix}.orders`,
    /** Does something at the very moment a circuit opens: a second later one event may try. */
    onceOpen: <T>(work: () => T): Promise<T> =>
      new Promise((resolve) => {
        const stop = made.container.get<Notices>(TOKENS.Notices).onNotice(({ code }) => {
          if (code !== 'CIRCUIT_OPENED') return;
          stop();
          resolve(work());
        });
      }),
    told: (code: string): Notice | undefined => made.notices.find((notice) => notice.code === code),
    publish: (orderId: string) => made.bus.publish(new OrderPlaced({ orderId })),
    sending: (orderId: string): Sending => ({
      orderId,
      end: Promise.allSettled([made.bus.publish(new OrderPlaced({ orderId }))]).then(([end]) => end),
    }),
  };
}

/** How the calls ended: the orders that are safe with their places, and the errors of the others. */
async function endsOf(sending: readonly Sending[]) {
  const ends = await Promise.all(sending.map(async ({ orderId, end }) => ({ orderId, end: await end })));
  const safe = ends.flatMap(({ orderId, end }) => (end.status === 'fulfilled' ? [{ orderId, receipt: end.value }] : []));
  const errors = ends.flatMap(({ end }) => (end.status === 'rejected' ? [end.reason as PublishError] : []));
  return { safe: safe.map(({ orderId }) => orderId), places: safe.map(({ receipt }) => receipt), errors };
}

/** The offsets of each partition, in the order of the calls. */
function offsetsOf(receipts: readonly Receipt[]): number[][] {
  const offsets: number[][] = [[], [], []];
  for (const receipt of receipts) if (receipt.where === 'kafka') offsets[receipt.partition]!.push(receipt.offset);
  return offsets;
}

/** Far above what a refusal takes, and below what asking a broker that does not answer would. */
const AT_ONCE_MS = 2_500;

describe.concurrent('an outage', () => {
  it('refuses from half of the delivery timeout on, loses and reorders nothing, and ends with the broker being back', async () => {
    const dataDir = join(directory, 'broker');
    const first = await startEmbeddedKafka({ dataDir });
    brokers.push(first);
    const { container, service, bus, topic, told, publish, sending, onceOpen } = await shop(
      first.bootstrap,
      { deliveryTimeoutMs: 18_000 },
      { processors: [] },
    );
    const warm = await publish('o-0');
    await first.stop();
    const waiting = Array.from({ length: 200 }, (_, n) => `o-${n + 1}`).map(sending);
    const { began, refused, others } = await onceOpen(() => ({
      began: Date.now(),
      refused: ['r-1', 'r-2', 'r-3'].map(sending),
      others: Promise.allSettled([
        service.client.produce({ topic: 'orders', value: 'r-4' }),
        service.publishEvent('orders', { note: 'r-5' }, { name: 'note_taken' }),
      ]),
    }));
    expect(told('CIRCUIT_OPENED')).toMatchObject({ level: 'error', error: { code: 'BROKER_UNREACHABLE' }, details: { topic } });
    expect(told('CIRCUIT_OPENED')?.details?.['waitedMs']).toBeGreaterThanOrEqual(9_000);

    const [toldClient, toldByName] = await others;
    const { safe, errors } = await endsOf(refused);
    expect(Date.now() - began).toBeLessThan(AT_ONCE_MS);
    expect(toldClient).toMatchObject({ reason: { name: 'SendError', code: 'CIRCUIT_OPEN', certainty: 'not-sent', retriable: true } });
    expect(toldByName).toMatchObject({ reason: { name: 'PublishError', code: 'CIRCUIT_OPEN', certainty: 'not-sent', heard: false } });
    expect(safe).toEqual([]);
    for (const error of errors) expect(error).toMatchObject({ code: 'CIRCUIT_OPEN', certainty: 'not-sent', heard: false });
    expect(errors[0]?.message).toMatch(/nothing for \S+\.orders was acknowledged for \d+ s; last: .*no answer from 127\.0\.0\.1/);
    expect(service.getStats().topics[topic]).toMatchObject({
      circuit: { openSince: expect.any(String) as string, refused: 5 },
      queue: { records: 200 },
    });
    const red = (await service.healthCheck()).checks.find(({ name }) => name === 'producer');
    expect(red).toMatchObject({ status: 'red', fix: expect.stringContaining('sent once it can be') as string });

    brokers.push(await startEmbeddedKafka({ dataDir, ports: [Number(first.bootstrap.split(':')[1])] }));
    const { safe: arrived, places, errors: lost } = await endsOf(waiting);
    expect(lost).toEqual([]);
    const last = await publish('o-201');
    await becomes(service, 'producer', 'green', 'the broker was back');
    expect(told('CIRCUIT_CLOSED')).toMatchObject({ level: 'info', details: { topic, refused: 5 } });
    expect(service.getStats().topics[topic]).toMatchObject({ circuit: { state: 'closed', openSince: null, refused: 5 } });

    // Everything once, in the order of the calls, and nothing beside it.
    const offsets = offsetsOf([warm, ...places, last]);
    const ends = await service.client.offsets('orders');
    for (const { partition, end } of ends) expect(offsets[partition]).toEqual(Array.from({ length: end }, (_, offset) => offset));
    expect(container.get(Audit).heard).toEqual(['o-0', ...arrived, 'o-201']);
    expect(bus.stats()['order_placed']?.published).toMatchObject({ safe: 202, notSent: 3, unknown: 0 });
  });

  it('that outlasts the queue ends with the first event that tries', async () => {
    const broker = await faulty;
    const { service, topic, notices, told, publish, sending } = await shop(
      broker.bootstrap,
      { deliveryTimeoutMs: 4_000 },
      { processors: [], listeners: [] },
    );
    await publish('o-0');
    // A busy machine may have taken half of that for the first one.
    notices.length = 0;
    const refusing = await broker.fail({ apis: ['Produce'], topic, error: 'NOT_ENOUGH_REPLICAS', count: -1 });
    const { safe, errors } = await endsOf(['o-1', 'o-2'].map(sending));
    expect([safe, errors.map(({ code }) => code)]).toEqual([[], ['DELIVERY_TIMEOUT', 'DELIVERY_TIMEOUT']]);
    expect(told('CIRCUIT_OPENED')).toMatchObject({ details: { topic } });
    await until(() => service.getStats().topics[topic]?.circuit.state === 'half-open');
    await refusing.remove();
    // Nobody publishes, so nothing is refused: an instance that is not asked while it is not ready would stay so for ever.
    await becomes(service, 'producer', 'green', 'nothing waited');
    expect(told('CIRCUIT_CLOSED')).toBeUndefined();

    const { safe: tried, errors: beside } = await endsOf(['o-3', 'o-4'].map(sending));
    expect([tried, beside.map(({ code }) => code)]).toEqual([['o-3'], ['CIRCUIT_OPEN']]);
    await publish('o-5');
    expect(told('CIRCUIT_CLOSED')).toMatchObject({ details: { topic, refused: 1 } });
  });

  it('of the topic of a staged event refuses what is published, sends what is staged, and loses neither', async () => {
    const broker = await faulty;
    const { container, service, bus, notices, topic, publish, onceOpen } = await shop(broker.bootstrap, { deliveryTimeoutMs: 4_000 });
    const orders = container.get(Orders);
    let release: () => void = () => undefined;
    orders.hold = new Promise((resolve) => (release = resolve));
    const begun = new Promise<void>((resolve) => (orders.began = resolve));
    await bus.publish(new OrderPlaced({ orderId: 'o-1' }));
    await begun;
    const refusing = await broker.fail({ apis: ['Produce'], topic, error: 'NOT_ENOUGH_REPLICAS', count: -1 });
    release();
    const refused = await onceOpen(() => Promise.allSettled([publish('o-2')]));
    expect(refused).toMatchObject([{ reason: { code: 'CIRCUIT_OPEN' } }]);
    await until(() => notices.some(({ code }) => code === 'STAGED_SEND_FAILED'));
    await becomes(service, 'producer', 'red', 'its topic was refused');

    await refusing.remove();
    await until(() => notices.some(({ code }) => code === 'CIRCUIT_CLOSED'));
    await bus.publish(new OrderPlaced({ orderId: 'o-3' }));
    await orders.untilHandled(2);
    await until(async () => (await service.caughtUp()) && service.getStats().events['order_shipped']?.published.staged === 2);
    expect(notices.filter(({ code, error }) => code === 'STAGED_SEND_FAILED' && String(error).includes('CIRCUIT_OPEN'))).toEqual([]);
    expect(orders.handled).toEqual(['o-1', 'o-3']);
  });
});
