import kafkajs from 'kafkajs';
import { afterAll, expect, it } from 'vitest';

import { COMPRESSORS } from '../../src/kafka/compression/compressors.js';
import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { deadLetter } from '../../src/policy/policy.js';
import { Handles } from '../../src/processor/handles.js';
import { Processor } from '../../src/processor/processor.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { TestApplication, until } from '../support/application.js';
import { kafkajsClient } from '../support/kafkajs-client.js';
import { uniquePrefix } from '../support/kafka.js';
import { Counted, Sampled, unharmed } from '../support/mutations.js';
import { Random } from '../support/random.js';

const SEED = Number(process.env['BUSBAR_SEED'] ?? Date.now() % 1_000_000);
/** One damaged batch each, and a good one behind it. */
const PARTITIONS = Number(process.env['BUSBAR_BATCHES'] ?? 20);
const IN_A_BATCH = 5;
const CODES = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

const running = startEmbeddedKafka();
afterAll(async () => (await running).stop());

@ProcessorOptions({ name: 'samples', onError: [deadLetter()] })
class Samples extends Processor {
  /** Numbers of the good records that were handled. */
  readonly good = new Set<number>();

  @Handles(Sampled) sampled({ count, note }: Sampled): void {
    if (note === 'unharmed') this.good.add(count);
  }
  @Handles(Counted) counted(): void {
    // Nothing: it is there so that its topic is.
  }
}

function damaged(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  if (random.chance(0.2)) return copy.subarray(0, random.below(copy.length));
  if (random.chance(0.2)) return Buffer.concat([copy, Buffer.from([random.below(256)])]);
  for (let n = random.below(3); n >= 0; n--) copy[random.below(copy.length)]! ^= 1 << random.below(8);
  return copy;
}

/**
 * A way for kafkajs to write a batch that is damaged before or after it was compressed, and has the right checksum: brokers of Apache
 * Kafka refuse most of such ones, but may have them from their disk. In the lower three bits is the codec that readers see.
 */
function useDamage(id: number, codec: keyof typeof CODES, random: Random): number {
  const compress = (bytes: Buffer): Promise<Buffer> => (codec === 'none' ? Promise.resolve(bytes) : COMPRESSORS[codec].compress(bytes));
  const inside = codec === 'none' || random.chance(0.6);
  const type = (id << 3) | CODES[codec];
  (kafkajs.CompressionCodecs as Record<number, unknown>)[type] = () => ({
    compress: async ({ buffer }: { readonly buffer: Buffer }) =>
      inside ? compress(damaged(buffer, random)) : damaged(await compress(buffer), random),
  });
  return type;
}

it(`${PARTITIONS} damaged batches end no consumer: each is handed on or holds its own partition, which says how to pass over it`, async () => {
  const { bootstrap } = await running;
  const random = new Random(SEED);
  const prefix = uniquePrefix();
  const start = async (samples: Samples): Promise<TestApplication> =>
    TestApplication.start({ events: [Sampled, Counted], processors: [samples], bootstrap, prefix, partitions: PARTITIONS });
  const first = new Samples();
  const application = await start(first);
  const topic = application.topics.topic('samples');
  const client = kafkajsClient(bootstrap);
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const message = (number: number, partition: number) => {
    const { key, value, headers } = unharmed(SEED, number);
    return { key, value, headers: headers as kafkajs.IHeaders, partition };
  };
  const types: number[] = [];
  const good: number[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const type = useDamage(partition + 2, random.pick(Object.keys(CODES) as (keyof typeof CODES)[]), random);
    types.push(type);
    const from = 1_000_000 + partition * IN_A_BATCH;
    await producer.send({ topic, compression: type, messages: Array.from({ length: IN_A_BATCH }, (_, n) => message(from + n, partition)) });
    await producer.send({ topic, messages: [message(partition, partition)] });
    good.push(partition);
  }
  await producer.disconnect();
  for (const type of types) delete (kafkajs.CompressionCodecs as Record<number, unknown>)[type];

  const blocked = () => application.manager.runner('samples').status().blocked;
  const passed = async (): Promise<number[]> => {
    const lag = await application.manager.runner('samples').lag();
    return lag.filter(({ topic: of, lag: behind }) => of === topic && behind === 0).map(({ partition }) => partition);
  };
  await until(async () => new Set([...blocked().map(({ partition }) => partition), ...(await passed())]).size === PARTITIONS);
  const waiting = blocked();
  const behind = await passed();
  console.log(
    `damaged batches: seed ${SEED}; ${waiting.length} partitions wait, ${behind.length} went on; ${JSON.stringify(application.outcomes('samples'))}`,
  );
  expect(application.notices.filter(({ code }) => code === 'CONSUMER_RESTARTED')).toEqual([]);
  for (const { error, offset, next } of waiting) expect([error.code, offset, next]).toEqual(['BATCH_UNREADABLE', 0, IN_A_BATCH]);
  for (const partition of behind) expect(first.good, `partition ${partition} of seed ${SEED}`).toContain(partition);
  await application.stop();

  // What health says to do.
  const admin = client.admin();
  await admin.connect();
  const partitions = waiting.map(({ partition, next }) => ({ partition, offset: String(next) }));
  if (partitions.length > 0) await admin.setOffsets({ groupId: `${prefix}.tests.samples`, topic, partitions });
  await admin.disconnect();
  const second = new Samples();
  const again = await start(second);
  await again.caughtUp('samples');
  expect(good.filter((number) => !first.good.has(number) && !second.good.has(number))).toEqual([]);
  again.outcomes('samples');
  await again.stop();
});
