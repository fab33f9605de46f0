import { afterEach, describe, expect, it } from 'vitest';

import { PublishError } from '../../src/bus/publish-error.js';
import { type EmbeddedKafka, type Fault, startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { until } from '../support/application.js';
import { ClockTicked, MeterRead } from '../support/meters.js';
import { PublishedLog } from '../support/published-log.js';
import { Publishing, type Call } from '../support/publishing.js';
import { Random } from '../support/random.js';
import { application, stopApplications } from '../support/shop-application.js';

const EVENTS = 22_000;
const METERS = 200;
const PARTITIONS = 6;
const DELIVERY_TIMEOUT_MS = 8_000;

/** What a broker answers when it has not done the work now, and may do it soon. */
const PASSING = ['NOT_LEADER_FOR_PARTITION', 'NOT_ENOUGH_REPLICAS', 'REQUEST_TIMED_OUT'];

/** Does a random harm to the broker, that ends by itself. */
async function harm(kafka: EmbeddedKafka, random: Random, topics: readonly string[]): Promise<void> {
  const count = 1 + random.below(4);
  const nodes = [random.pick(kafka.nodes)];
  const topic = random.pick(topics);
  const partitions = [random.below(PARTITIONS)];
  const kinds: readonly (() => Promise<unknown>)[] = [
    () => kafka.moveLeader(topic, partitions[0]!, nodes[0]!),
    () => kafka.loseAnswers({ apis: ['Produce'], nodes, count }),
    () => kafka.fail({ apis: ['Produce'], error: random.pick(PASSING), topic, partitions, count }),
    () => kafka.fail({ apis: ['Produce'], error: random.pick(PASSING), nodes, count }),
    () => kafka.delay({ apis: ['Produce'], nodes, count, ms: 1 + random.below(100) }),
    () => (kafka.nodes.length > 3 ? kafka.removeNode(kafka.nodes.at(-1)!) : kafka.addNode()),
  ];
  await random.pick(kinds)();
}

describe('publishing while brokers fail in every way', () => {
  let kafka: EmbeddedKafka | undefined;

  afterEach(async () => {
    await stopApplications();
    await kafka?.stop();
  });

  it('loses nothing and keeps the order of every key', async () => {
    const seed = Number(process.env['BUSBAR_SEED'] ?? Date.now() % 1_000_000);
    console.log(`publishing with BUSBAR_SEED=${seed}`);
    const random = new Random(seed);
    kafka = await startEmbeddedKafka({ nodes: 3 });
    const broker = kafka;
    const { service, config, bus } = await application(
      {
        bootstrapServers: kafka.bootstrap,
        deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
        topics: { meters: { partitions: PARTITIONS }, ticks: { partitions: PARTITIONS } },
      },
      { events: [MeterRead, ClockTicked], processors: [], listeners: [] },
    );
    await service.start();
    const topicOf = ({ key }: Pick<Call, 'key'>): string => `${config.topicPrefix}.${key === null ? 'ticks' : 'meters'}`;
    const topics = [topicOf({ key: null }), topicOf({ key: 'any' })];
    const publishing = new Publishing(bus, (number) => (number % 11 === 0 ? null : `meter-${random.below(METERS)}`));
    /** One fault that outlasts the deadline of somebody. */
    const untilRejected = async (fault: Fault): Promise<void> => {
      const before = publishing.rejected.length;
      await publishing.publish(500, 10, () => random.turns(2));
      await until(() => publishing.rejected.length > before);
      await fault.remove();
      await publishing.settled();
      // The circuit lets one event at a time try, until one is acknowledged.
      await until(async () => {
        await publishing.publish(1, 1, () => random.turns(1));
        await publishing.settled();
        const { key, receipt } = publishing.calls.at(-1)!;
        return key !== null && receipt !== undefined;
      });
      // What comes after a batch in doubt has to be written in its own right.
      await publishing.publish(500, 10, () => random.turns(2));
      await publishing.settled();
    };

    await publishing.publish(EVENTS - 2_000, 50, async () => {
      if (random.chance(0.3)) await harm(broker, random, topics);
      await random.turns(10);
    });
    await publishing.settled();
    const partitions = [1];
    await untilRejected(await kafka.fail({ apis: ['Produce'], error: 'NOT_ENOUGH_REPLICAS', topic: topics[1]!, partitions, count: -1 }));
    await untilRejected(await kafka.loseAnswers({ apis: ['Produce'], nodes: [await kafka.leader(topics[1]!, 1)], count: -1 }));
    await service.stop();

    const { calls } = publishing;
    const log = await PublishedLog.read(broker.bootstrap, topics, calls, topicOf);

    expect(log.lost(), 'acknowledged and not on the log').toEqual([]);
    expect(log.misplaced(), 'receipts that name another place').toEqual([]);
    expect(log.falselyNotSent(), 'not sent and on the log').toEqual([]);
    // What shared a batch with one that ran out of time in doubt is sent again, with the same id.
    console.log(`${log.copies} records are on the log again`);
    expect(
      calls.filter(
        ({ error, at, endedAt }) => error?.retriable === true && error.code !== 'CIRCUIT_OPEN' && endedAt! - at < DELIVERY_TIMEOUT_MS,
      ),
      'given up before the deadline',
    ).toEqual([]);
    expect(log.outOfOrder(), 'behind one that was published later').toEqual([]);
    expect(calls.length).toBeGreaterThan(EVENTS);
    expect(calls.every(({ receipt, error }) => receipt !== undefined || error instanceof PublishError)).toBe(true);
    expect(calls.length - publishing.rejected.length).toBeGreaterThan(EVENTS / 2);
  });
});
