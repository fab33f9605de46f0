import { describe, expect, it } from 'vitest';

import type { Batch, ConsumeOptions, KafkaDriver, Subscription } from '../../src/kafka/driver.js';
import type { InRecord, WireRecord } from '../../src/kafka/record.js';
import type { Disturbances } from '../../src/kafka/simulated/conditions.js';
import { SimulatedKafka } from '../../src/kafka/simulated/simulated-kafka.js';
import { VirtualClock } from '../../src/kafka/simulated/virtual-clock.js';

const TOPIC = 'orders';
const SESSION_MS = 5_000;
const NEVER = Number.MAX_SAFE_INTEGER;

async function kafkaWith(disturbances: Disturbances = {}, seed = 1) {
  const clock = new VirtualClock();
  const kafka = new SimulatedKafka({ clock, seed, disturbances, sessionTimeoutMs: SESSION_MS });
  const driver = kafka.driver();
  await clock.during(driver.admin.ensureTopics([{ topic: TOPIC, partitions: 2, replicationFactor: 1, configs: {} }]));
  return { clock, kafka, driver };
}

function records(...values: string[]): WireRecord[] {
  return values.map((value) => ({ topic: TOPIC, key: null, value: Buffer.from(value), headers: {}, timestamp: 0 }));
}

function reader(
  driver: KafkaDriver,
  onBatch: (batch: Batch) => void | Promise<void>,
  more: Partial<ConsumeOptions> = {},
): Promise<Subscription> {
  return driver.consume({
    group: 'readers',
    topics: [TOPIC],
    start: ({ committed, beginning }) => Promise.resolve(committed ?? beginning),
    onBatch: async (batch) => onBatch(batch),
    onRevoked: () => Promise.resolve(),
    onStopped: (error) => {
      throw error;
    },
    ...more,
  });
}

const settle = ({ claim, records: read }: Batch): void => claim.settled(read.at(-1)!.offset + 1);
const text = ({ value }: InRecord): string => String(value);

describe('a process that crashes', () => {
  it('keeps its partitions until the session is over, then they go to the others', async () => {
    const { clock, kafka, driver } = await kafkaWith();
    const seen: string[] = [];
    await clock.during(reader(driver, () => undefined));
    driver.crash();
    const crashedAt = clock.now();
    const other = kafka.driver();
    const joining = reader(other, (batch) => void seen.push(...batch.records.map(text)));
    await clock.during(other.produce(TOPIC, 0, records('a'), NEVER));
    await clock.advance(SESSION_MS - 10);
    expect(seen).toEqual([]);

    await clock.during(joining);
    await clock.until(() => seen.length === 1);
    expect(clock.now()).toBeGreaterThanOrEqual(crashedAt + SESSION_MS);
  });

  it('commits nothing of what it settles afterwards', async () => {
    const { clock, driver, kafka } = await kafkaWith();
    const batches: Batch[] = [];
    await clock.during(reader(driver, (batch) => void batches.push(batch)));
    await clock.during(driver.produce(TOPIC, 0, records('a', 'b'), NEVER));
    await clock.until(() => batches.length === 1);
    batches[0]!.claim.settled(1);
    await clock.advance(1_000);
    batches[0]!.claim.settled(2);
    driver.crash();
    await clock.runToIdle();

    expect(batches[0]!.claim.owned()).toBe(false);
    const committed = await clock.during(kafka.driver().admin.committed('readers', TOPIC));
    expect(committed[0]!.offset).toBe(1);
  });

  it('may have written what it never learned of', async () => {
    const { clock, driver, kafka } = await kafkaWith({ latencyMs: 20 });
    const producing = expect(driver.produce(TOPIC, 0, records('a'), NEVER)).rejects.toMatchObject({ certainty: 'unknown' });
    await clock.until(() => kafka.log(TOPIC)[0]!.length === 1);
    driver.crash();
    await clock.during(producing);
    await expect(driver.produce(TOPIC, 0, records('b'), NEVER)).rejects.toMatchObject({ certainty: 'not-sent' });
  });

  it('is not told that its partitions go away', async () => {
    const { clock, driver } = await kafkaWith();
    const revoked: boolean[] = [];
    await clock.during(reader(driver, settle, { onRevoked: async (_, lost) => void revoked.push(lost) }));
    driver.crash();
    await clock.runToIdle();
    expect(revoked).toEqual([]);
  });
});

describe('disturbances', () => {
  const wild: Disturbances = { latencyMs: 50, batchRecords: 4, readAgain: 0.3, appendAgain: 0.3 };

  /** What two members read, in the order in which they read it. */
  async function play(seed: number): Promise<string[]> {
    const { clock, kafka, driver } = await kafkaWith(wild, seed);
    const story: string[] = [];
    const tell = (who: string) => (batch: Batch) => {
      story.push(`${clock.now()} ${who} ${batch.claim.partition} ${batch.records.map(text).join()}`);
      settle(batch);
    };
    const first = clock.during(reader(driver, tell('first')));
    const second = kafka.driver();
    await clock.during(reader(second, tell('second')));
    await first;
    for (let i = 0; i < 20; i++) await clock.during(second.produce(TOPIC, i % 2, records(`${i}`, `${i}'`), NEVER));
    await clock.until(() => kafka.isCaughtUp);
    return story;
  }

  it('are the same for the same seed, and others for another', async () => {
    const story = await play(7);
    expect(await play(7)).toEqual(story);
    expect(await play(8)).not.toEqual(story);
  });

  it('hand batches over again, in log order', async () => {
    const { clock, kafka, driver } = await kafkaWith({ readAgain: 0.5, batchRecords: 3 });
    const offsets: number[] = [];
    await clock.during(
      reader(driver, (batch) => {
        offsets.push(...batch.records.map(({ offset }) => offset));
        settle(batch);
      }),
    );
    for (let i = 0; i < 20; i++) await clock.during(driver.produce(TOPIC, 0, records(`${i}`), NEVER));
    await clock.until(() => kafka.isCaughtUp);

    expect(offsets.length).toBeGreaterThan(20);
    expect([...new Set(offsets)]).toEqual(Array.from({ length: 20 }, (_, offset) => offset));
    expect(kafka.appendedAgain).toBe(0);
  });

  it('append batches again, and the count tells how many records that made', async () => {
    const { clock, kafka, driver } = await kafkaWith({ latencyMs: 10, appendAgain: 0.5 });
    for (let i = 0; i < 20; i++) await clock.during(driver.produce(TOPIC, 0, records(`${i}`), NEVER));
    await clock.runToIdle();

    const log = kafka.log(TOPIC)[0]!.map(text);
    expect(kafka.appendedAgain).toBeGreaterThan(0);
    expect(log.length).toBe(20 + kafka.appendedAgain);
    expect(new Set(log).size).toBe(20);
  });
});

describe('a log that forgets', () => {
  const forgetting = { keep: (topic: string) => (topic === 'letters' ? 2 : 0), isLasting: (group: string) => group === 'readers' };

  async function forgetful() {
    const clock = new VirtualClock();
    const kafka = new SimulatedKafka({ clock, forgetting });
    const driver = kafka.driver();
    const specs = [TOPIC, 'letters'].map((topic) => ({ topic, partitions: 1, replicationFactor: 1, configs: {} }));
    await clock.during(driver.admin.ensureTopics(specs));
    const write = (topic: string, ...values: string[]) => clock.during(driver.produce(topic, 0, records(...values), NEVER));
    return { clock, kafka, driver, write, log: (topic: string) => kafka.log(topic)[0]!.map(text) };
  }

  it('keeps what a group has yet to settle, also while nobody of it is there', async () => {
    const { clock, kafka, driver, write, log } = await forgetful();
    kafka.reserve('readers', [TOPIC]);
    await write(TOPIC, 'a', 'b');
    expect(log(TOPIC)).toEqual(['a', 'b']);
    expect(kafka.unsettled).toEqual({ records: 2, bytes: 2 });

    const subscription = await clock.during(reader(driver, settle));
    await clock.until(() => kafka.isCaughtUp);
    expect(log(TOPIC)).toEqual([]);
    await clock.during(subscription.close());
    await write(TOPIC, 'c');
    expect(log(TOPIC)).toEqual(['c']);
    const seen: string[] = [];
    await clock.during(reader(driver, (batch) => void seen.push(...batch.records.map(text))));
    await clock.until(() => seen.length === 1);
    expect(seen).toEqual(['c']);
  });

  it('keeps nothing that nobody reads, but the last of what it was told to keep', async () => {
    const { write, log, kafka } = await forgetful();
    await write(TOPIC, 'a');
    await write('letters', 'a', 'b', 'c');
    expect(log(TOPIC)).toEqual([]);
    expect(log('letters')).toEqual(['b', 'c']);
    expect(kafka.unsettled).toEqual({ records: 0, bytes: 0 });
  });

  it('holds for a group that does not last what it reads, until its last member has left', async () => {
    const { clock, kafka, driver, write } = await forgetful();
    const subscription = await clock.during(reader(driver, () => undefined, { group: 'passers-by' }));
    await write(TOPIC, 'a');
    expect(kafka.unsettled.records).toBe(1);
    await clock.during(subscription.close());
    expect(kafka.unsettled.records).toBe(0);
  });
});

describe('the virtual clock', () => {
  it('fires what is due in the order of its time, and then of its setting', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    for (const [name, ms] of [
      ['late', 20],
      ['first', 10],
      ['second', 10],
      ['at once', 0],
    ] as const) {
      clock.after(ms, () => fired.push(`${clock.now()} ${name}`));
    }
    clock.after(15, () => fired.push('cancelled'))();
    expect(fired).toEqual([]);
    await clock.advance(12);
    expect(fired).toEqual(['0 at once', '10 first', '10 second']);
    await clock.runToIdle();
    expect(fired.at(-1)).toBe('20 late');
    expect(clock.now()).toBe(20);
  });

  it('says what it waited for in vain', async () => {
    const clock = new VirtualClock();
    const everDone = false;
    await expect(clock.until(() => everDone)).rejects.toThrow('everDone');
  });
});
