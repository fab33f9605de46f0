import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { until } from '../support/application.js';
import { KafkaCluster } from '../support/kafka-cluster.js';
import { createTopic, kafkajsClient } from '../support/kafkajs-client.js';
import { ClockTicked, MeterLedger, MeterRead } from '../support/meters.js';
import { PublishedLog } from '../support/published-log.js';
import { Publishing, type Call } from '../support/publishing.js';
import { RawPublishing } from '../support/raw-publishing.js';
import { application, stopApplications } from '../support/shop-application.js';
import type { TcpProxy } from '../support/tcp-proxy.js';

const METERS = 200;
const PARTITIONS = 6;
/** Published every 10 ms, so that what is sent lasts as long as a fault: Kafka takes far more. */
const EACH = 30;

const EVENTS = 120_000;
const AS_PROMISED = { published: EVENTS, rejected: [], lost: [], misplaced: [], outOfOrder: [], unheard: [], heardOutOfOrder: [] };

/** One part of the events, published while this happens. */
type Fault = readonly [name: string, work: () => Promise<void>];

describe('three Kafka nodes, of which one after the other is harmed', () => {
  let cluster: KafkaCluster;
  beforeAll(async () => {
    cluster = await KafkaCluster.start({ nodes: 3, proxied: true });
  });
  afterEach(stopApplications);
  afterAll(() => cluster.stop());

  /** A service that publishes, and handles what it has published; every sixth event has no key. */
  async function publishing(bootstrapServers: string) {
    const { container, service, config, bus } = await application(
      { bootstrapServers, topics: { meters: { partitions: PARTITIONS }, ticks: { partitions: PARTITIONS } } },
      { events: [MeterRead, ClockTicked], processors: [MeterLedger], listeners: [] },
    );
    await service.start();
    const ledger = container.get(MeterLedger);
    const topicOf = ({ key }: Pick<Call, 'key'>): string => `${config.topicPrefix}.${key === null ? 'ticks' : 'meters'}`;
    const topics = [topicOf({ key: null }), topicOf({ key: 'any' })];
    const calls = new Publishing(bus, (number) => (number % 6 === 0 ? null : `meter-${(number - Math.ceil(number / 6)) % METERS}`));
    return { service, topics, topicOf, ledger, publishing: calls };
  }

  /** Publishes so many events while one fault after the other happens; says which of them did not end as promised. */
  async function storm(bootstrap: string, faultsOf: (meters: string) => readonly Fault[]) {
    const { service, topics, topicOf, ledger, publishing: all } = await publishing(bootstrap);
    const rawTopic = `${topics[1]}.raw`;
    await createTopic(kafkajsClient(cluster.bootstrap), rawTopic, PARTITIONS);
    const raw = await RawPublishing.start(bootstrap, rawTopic, PARTITIONS);
    const faults = faultsOf(topics[1]!);
    for (const [name, work] of faults) {
      const before = all.calls.length;
      await Promise.all([all.publish(EVENTS / faults.length, EACH, () => sleep(10)), work()]);
      await all.settled();
      console.log(`${name}: ours waited ${longest(all.calls.slice(before))} ms, raw kafkajs ${raw.longestMs} ms so far`);
    }
    // Nothing else ends what raw kafkajs waits for on a connection that is half-open.
    for (const proxy of cluster.proxies) proxy.heal();
    await raw.stop();
    await until(() => ledger.count >= EVENTS - all.rejected.length);
    await service.stop();

    const log = await PublishedLog.read(cluster.bootstrap, topics, all.calls, topicOf);
    console.log(
      `${all.calls.length} events, ${log.copies} of them again; longest ${longest(all.calls)} ms; raw kafkajs: ${raw.longestMs} ms`,
    );
    return {
      published: all.calls.length,
      rejected: all.rejected.map(({ error }) => String(error)),
      lost: log.lost(),
      misplaced: log.misplaced(),
      outOfOrder: log.outOfOrder(),
      unheard: all.calls.filter(({ receipt, number }) => receipt !== undefined && !ledger.has(number)),
      heardOutOfOrder: ledger.outOfOrder,
    };
  }

  it('loses nothing and keeps the order while one is killed, one is paused and the leaders move', async () => {
    const outcome = await storm(cluster.bootstrap, (meters) => {
      const led = (partition: number): Promise<number> => cluster.leader(meters, partition);
      return [
        [
          'killed and started',
          async () => {
            const node = await led(0);
            await cluster.killNode(node);
            await sleep(4_000);
            await cluster.startNode(node);
            await cluster.inSync(meters);
          },
        ],
        [
          'paused for 10 s',
          async () => {
            const node = await led(1);
            await cluster.pauseNode(node);
            await sleep(10_000);
            await cluster.resumeNode(node);
            await cluster.inSync(meters);
          },
        ],
        [
          'leaders moved',
          async () => {
            const node = await led(2);
            await cluster.stopNode(node);
            await cluster.startNode(node);
            await cluster.inSync(meters);
          },
        ],
      ];
    });
    expect(outcome).toEqual(AS_PROMISED);
  });

  it('loses nothing and keeps the order while connections are cut, half-opened, and swallow what they carry', async () => {
    const outcome = await storm(cluster.proxiedBootstrap, (meters) => {
      const front = async (partition: number) => cluster.proxies[(await cluster.leader(meters, partition)) - 1]!;
      return [
        [
          'cut',
          async () => {
            for (let round = 0; round < 20; round++) {
              for (const proxy of cluster.proxies) proxy.cut();
              await sleep(100);
            }
          },
        ],
        ['half-opened', async () => (await front(0)).halfOpen()],
        ['swallowed whole', async () => swallows(await front(2), (proxy) => proxy.blackhole())],
        ['answers swallowed', async () => swallows(await front(1), (proxy) => proxy.swallowAnswers())],
      ];
    });
    expect(outcome).toEqual(AS_PROMISED);
  });
});

/** Something of what was sent in these three seconds was lost. */
async function swallows(proxy: TcpProxy, begin: (proxy: TcpProxy) => void): Promise<void> {
  const before = proxy.swallowed;
  begin(proxy);
  await sleep(3_000);
  proxy.heal();
  expect(proxy.swallowed).toBeGreaterThan(before);
}

function longest(calls: readonly Call[]): number {
  return calls.reduce((most, { at, endedAt = at }) => Math.max(most, endedAt - at), 0);
}
