import { IsInt, IsString } from 'class-validator';
import { afterEach, describe, expect, it } from 'vitest';

import type { EventBus } from '../../src/bus/event-bus.js';
import { PublishError } from '../../src/bus/publish-error.js';
import type { Receipt } from '../../src/bus/receipt.js';
import type { EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { type EmbeddedKafka, type Fault, startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import type { InRecord } from '../../src/kafka/record.js';
import { Notices } from '../../src/telemetry/notices.js';
import { Reader } from '../../src/testing/driver-conformance-stage.js';
import { until } from '../support/application.js';
import { uniquePrefix } from '../support/kafka.js';
import { Random } from '../support/random.js';
import { application, stopApplications } from '../support/shop-application.js';

@DomainEvent({ name: 'meter_read', topic: 'meters', key: 'meter' })
class MeterRead {
  @IsString() readonly meter!: string;
  @IsInt() readonly number!: number;
  constructor(init: EventInit<MeterRead>) {
    Object.assign(this, init);
  }
}

@DomainEvent({ name: 'clock_ticked', topic: 'ticks' })
class ClockTicked {
  @IsInt() readonly number!: number;
  constructor(init: EventInit<ClockTicked>) {
    Object.assign(this, init);
  }
}

const EVENTS = 22_000;
const METERS = 200;
const PARTITIONS = 6;
/** Events that may be under way: enough for full batches, and not so many that one fault delays all the rest. */
const UNDER_WAY = 2_000;
const DELIVERY_TIMEOUT_MS = 8_000;

/** What a broker answers when it has not done the work now, and may do it soon. */
const PASSING = ['NOT_LEADER_FOR_PARTITION', 'NOT_ENOUGH_REPLICAS', 'REQUEST_TIMED_OUT'];

interface Call {
  readonly number: number;
  readonly at: number;
  readonly key: string | null;
  receipt?: Receipt;
  error?: PublishError;
  rejectedAt?: number;
}

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

/** Publishes event after event, without ever waiting for one alone; every `each` events `between` is awaited. */
class Publishing {
  readonly calls: Call[] = [];
  #underWay = new Set<Promise<void>>();

  constructor(
    private readonly bus: EventBus,
    private readonly random: Random,
  ) {}

  async publish(count: number, each: number, between: () => Promise<void>): Promise<void> {
    for (let published = 0; published < count; published++) {
      this.#publishOne(this.calls.length);
      if (published % each === each - 1) await between();
      if (this.#underWay.size >= UNDER_WAY) await until(() => this.#underWay.size < UNDER_WAY / 2);
    }
  }

  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #publishOne(number: number): void {
    const event = number % 11 === 0 ? new ClockTicked({ number }) : new MeterRead({ meter: `meter-${this.random.below(METERS)}`, number });
    const call: Call = { number, at: Date.now(), key: event instanceof MeterRead ? event.meter : null };
    this.calls.push(call);
    const ended = this.bus.publish<ClockTicked | MeterRead>(event).then(
      (receipt) => void (call.receipt = receipt),
      (error: PublishError) => void Object.assign(call, { error, rejectedAt: Date.now() }),
    );
    const followed = ended.finally(() => void this.#underWay.delete(followed));
    this.#underWay.add(followed);
  }
}

describe('publishing while brokers fail in every way', () => {
  let kafka: EmbeddedKafka | undefined;

  afterEach(async () => {
    await stopApplications();
    await kafka?.stop();
  });

  async function readAll(bootstrap: string, topic: string): Promise<InRecord[]> {
    const driver = kafkajsDriver({ brokers: bootstrap.split(','), clientId: 'reader', fetchMaxWaitMs: 50 }, new Notices());
    await driver.connect();
    const ends = await driver.admin.offsets(topic);
    const reader = new Reader(driver, topic, uniquePrefix());
    await reader.join();
    const records = await reader.read(ends.reduce((sum, { end }) => sum + end, 0));
    await driver.close(5_000);
    return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
  }

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
    const topicOf = (key: string | null): string => `${config.topicPrefix}.${key === null ? 'ticks' : 'meters'}`;
    const topics = [topicOf(null), topicOf('any')];
    const publishing = new Publishing(bus, random);
    const rejected = (): Call[] => publishing.calls.filter(({ error }) => error !== undefined);
    /** One fault that outlasts the deadline of somebody. */
    const untilRejected = async (fault: Fault): Promise<void> => {
      const before = rejected().length;
      await publishing.publish(500, 10, () => random.turns(2));
      await until(() => rejected().length > before);
      await fault.remove();
      await publishing.settled();
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

    const log = (await Promise.all(topics.map((topic) => readAll(broker.bootstrap, topic)))).flat();
    const numberOf = ({ value }: InRecord): number => (JSON.parse(String(value)) as { number: number }).number;
    const at = new Map(log.map((record) => [`${record.topic}[${record.partition}]@${record.offset}`, numberOf(record)]));
    const onLog = new Set(log.map(numberOf));
    const { calls } = publishing;
    const places = calls.filter(({ receipt }) => receipt !== undefined);

    expect(
      places.filter(({ number }) => !onLog.has(number)).map(({ number }) => number),
      'acknowledged and not on the log',
    ).toEqual([]);
    expect(
      places.filter(({ number, key, receipt }) => {
        if (receipt?.where !== 'kafka') return true;
        const { topic, partition, offset } = receipt;
        return topic !== topicOf(key) || at.get(`${topic}[${partition}]@${offset}`) !== number;
      }),
      'receipts that name another place',
    ).toEqual([]);
    expect(
      rejected().filter(({ error, number }) => error?.certainty === 'not-sent' && onLog.has(number)),
      'not sent and on the log',
    ).toEqual([]);
    // What shared a batch with one that ran out of time in doubt is sent again, with the same id.
    console.log(`${log.length - onLog.size} of ${log.length} records are on the log twice`);
    expect(
      calls.filter(({ error, at: began, rejectedAt }) => error?.retriable === true && rejectedAt! - began < DELIVERY_TIMEOUT_MS),
      'given up before the deadline',
    ).toEqual([]);
    // One that is in doubt may come late; the others are in order where they come first.
    const safe = new Set(places.map(({ number }) => number));
    for (const place of topics.flatMap((topic) => Array.from({ length: PARTITIONS }, (_, partition) => `${topic}[${partition}]`))) {
      const there = log.filter(({ topic, partition }) => `${topic}[${partition}]` === place).map(numberOf);
      const numbers = [...new Set(there)].filter((number) => safe.has(number));
      expect(numbers, `the order of ${place} is that of the calls`).toEqual(numbers.toSorted((a, b) => a - b));
    }
    expect(calls.length).toBe(EVENTS);
    expect(calls.every(({ receipt, error }) => receipt !== undefined || error instanceof PublishError)).toBe(true);
    expect(places.length).toBeGreaterThan(EVENTS / 2);
  });
});
