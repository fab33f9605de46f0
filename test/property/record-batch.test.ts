import { createRequire } from 'node:module';

import fc from 'fast-check';
import kafkajs, { type Message } from 'kafkajs';
import { expect, it } from 'vitest';

import { crc32c } from '../../src/kafka/kafkajs/crc32c.js';
import { useCompressions } from '../../src/kafka/kafkajs/compression.js';
import { encodeProduce, type ProduceArguments } from '../../src/kafka/kafkajs/produce-request.js';

interface KafkaJsProduce {
  protocol(of: { version: number }): (given: ProduceArguments) => { request: { encode(): Promise<{ readonly buffer: Buffer }> } };
}

// kafkajs itself is the yardstick: whatever it writes is what brokers have been given for years.
const require = createRequire(import.meta.url);
const produce = require('kafkajs/src/protocol/requests/produce') as KafkaJsProduce;
const crc32cOfKafkaJs = require('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number;

/** Around the lengths where a varint takes a byte more, and text of one, two, three and four bytes a character. */
const text = fc.oneof(
  fc.string({ maxLength: 70 }),
  fc.string({ unit: 'binary', maxLength: 70 }),
  fc.constantFrom('', 'x'.repeat(63), 'x'.repeat(64), 'é'.repeat(32), 'x'.repeat(8191), 'x'.repeat(8192), '\ud800'),
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array)),
  fc.constantFrom(Buffer.alloc(8192), Buffer.alloc(70_000)),
);
const headers = fc.dictionary(text, fc.oneof(text, bytes, fc.array(fc.oneof(text, bytes), { maxLength: 3 })), { maxKeys: 8 });
const now = 1_790_000_000_000;
const message: fc.Arbitrary<Message> = fc.record(
  {
    key: fc.option(fc.oneof(text, bytes)),
    value: fc.option(fc.oneof(text, bytes)),
    headers,
    // Of as many digits each: kafkajs takes the first and the last in the order of the alphabet.
    timestamp: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 5e12 })).map((later) => String(now + later)),
  },
  { requiredKeys: ['value', 'timestamp'] },
);
const partition = fc.record({
  partition: fc.nat(),
  firstSequence: fc.nat(),
  messages: fc.array(message, { minLength: 1, maxLength: 70 }),
});
const request: fc.Arbitrary<ProduceArguments> = fc.record({
  acks: fc.constantFrom(-1, 0, 1),
  timeout: fc.nat(),
  compression: fc.constantFrom(kafkajs.CompressionTypes.None, kafkajs.CompressionTypes.GZIP),
  transactionalId: fc.option(fc.string(), { nil: undefined }),
  producerId: fc.oneof(fc.constant(-1), fc.bigInt(0n, 2n ** 63n - 1n).map(String)),
  producerEpoch: fc.integer({ min: 0, max: 32_767 }),
  topicData: fc.array(fc.record({ topic: fc.string({ maxLength: 249 }), partitions: fc.array(partition, { maxLength: 3 }) }), {
    maxLength: 2,
  }),
});

it('a Produce request is to the byte what kafkajs makes of the same records', { timeout: 60_000 }, async () => {
  useCompressions();
  await fc.assert(
    fc.asyncProperty(request, fc.integer({ min: 3, max: 7 }), async (given, version) => {
      const theirs = await produce.protocol({ version })(given).request.encode();
      const ours = await encodeProduce(given);
      expect(ours.equals(theirs.buffer)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

it('the checksum is the one of kafkajs, wherever the bytes begin and however many they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 9 }), (array, start) => {
      const shifted = Buffer.concat([Buffer.alloc(start), array]).subarray(start);
      expect(crc32c(shifted)).toBe(crc32cOfKafkaJs(shifted));
    }),
    { numRuns: 1_000 },
  );
});

it('the codec of a batch is the one that is registered with kafkajs', async () => {
  const given = { acks: -1, timeout: 1, compression: 1, producerId: -1, producerEpoch: 0 };
  const topicData = [{ topic: 't', partitions: [{ partition: 0, firstSequence: 0, messages: [{ value: 'v' }] }] }];
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.GZIP] = () => ({ compress: () => Promise.resolve(Buffer.from('mine')) });
  try {
    expect((await encodeProduce({ ...given, topicData })).toString('latin1')).toMatch(/mine$/);
  } finally {
    useCompressions();
  }
});
