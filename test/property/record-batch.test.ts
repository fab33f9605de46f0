import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { expect, it } from 'vitest';

import { crc32c } from '../../src/kafka/kafkajs/wire/crc32c.js';
import { decodeFetch } from '../../src/kafka/kafkajs/wire/fetch-response.js';
import { useCompressions } from '../../src/kafka/kafkajs/compression.js';
import { encodeProduce, type ProduceArguments } from '../../src/kafka/kafkajs/wire/produce-request.js';
import { anyMessage } from '../support/any-message.js';
import { answerOf, batchOf, changed } from '../support/fetch-answer.js';
import { kafkaJsChecksum, kafkaJsFetch, kafkaJsProduce, type KafkaJsRecord } from '../support/kafkajs-inside.js';

const { CompressionTypes } = kafkajs;
const compression = fc.constantFrom(CompressionTypes.None, CompressionTypes.GZIP);
const producerId = fc.oneof(fc.constant(-1), fc.bigInt(0n, 2n ** 63n - 1n).map(String));
const producerEpoch = fc.integer({ min: 0, max: 32_767 });
const messages = fc.array(anyMessage, { minLength: 1, maxLength: 70 });

const partition = fc.record({ partition: fc.nat(), firstSequence: fc.nat(), messages });
const request: fc.Arbitrary<ProduceArguments> = fc.record({
  acks: fc.constantFrom(-1, 0, 1),
  timeout: fc.nat(),
  compression,
  transactionalId: fc.option(fc.string(), { nil: undefined }),
  producerId,
  producerEpoch,
  topicData: fc.array(fc.record({ topic: fc.string({ maxLength: 249 }), partitions: fc.array(partition, { maxLength: 3 }) }), {
    maxLength: 2,
  }),
});

it('a Produce request is to the byte what kafkajs makes of the same records', async () => {
  useCompressions();
  await fc.assert(
    fc.asyncProperty(request, fc.integer({ min: 3, max: 7 }), async (given, version) => {
      const theirs = await kafkaJsProduce.protocol({ version })(given).request.encode();
      expect((await encodeProduce(given)).equals(theirs.buffer)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

const batch = fc
  .record({ messages, compression, producerId, producerEpoch, firstSequence: fc.nat(), transactional: fc.boolean(), attributes: fc.nat(7) })
  .map(({ messages: given, compression: codec, attributes, ...origin }) => async (firstOffset: number): Promise<Buffer> => {
    const bytes = await batchOf(given, { firstOffset, compression: codec, origin });
    // Any of: the broker has said when, a transaction, its end.
    return changed(bytes, (head) => head.writeInt16BE(head.readInt16BE(21) | (attributes << 3), 21));
  });
const recordSet = fc.tuple(fc.array(batch, { maxLength: 3 }), fc.nat({ max: 100 }));

it('records are read as kafkajs reads them, also where the last batch is cut off', async () => {
  useCompressions();
  await fc.assert(
    fc.asyncProperty(fc.array(recordSet, { maxLength: 3 }), fc.integer({ min: 4, max: 11 }), async (partitions, version) => {
      const sets = await Promise.all(
        partitions.map(async ([batches, cut]) => {
          const whole = Buffer.concat(await Promise.all(batches.map((make, i) => make(i * 1_000))));
          // kafkajs needs the first 17 bytes, which a broker never cuts off.
          return whole.subarray(0, Math.max(17, whole.length - cut));
        }),
      );
      // Of aborted transactions we let less through than kafkajs does.
      const answer = answerOf(version, 'a-topic', sets, []);
      const ours = await decodeFetch(version, answer);
      const theirs = await kafkaJsFetch.protocol({ version })({}).response.decode(answer);
      expect(withRecords(ours!, readOurs)).toEqual(withRecords(theirs as unknown as NonNullable<typeof ours>, readTheirs));
    }),
    { numRuns: 200 },
  );
});

it('the checksum is the one of kafkajs, wherever the bytes begin and however many they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 9 }), fc.nat({ max: 5_000 }), (array, start, more) => {
      const shifted = Buffer.concat([Buffer.alloc(start), array, Buffer.alloc(more, 0x5a)]).subarray(start);
      expect(crc32c(shifted)).toBe(kafkaJsChecksum(shifted));
    }),
    { numRuns: 1_000 },
  );
});

type Answer = NonNullable<Awaited<ReturnType<typeof decodeFetch>>>;
type Ours = Answer['responses'][number]['partitions'][number]['messages'][number];

function withRecords(answer: Answer, read: (record: never) => unknown): unknown {
  const responses = answer.responses.map(({ partitions, ...topic }) => ({
    ...topic,
    partitions: partitions.map(({ messages: records, ...rest }) => ({ ...rest, messages: records.map((record) => read(record as never)) })),
  }));
  return { ...answer, responses };
}

function readOurs(record: Ours): unknown {
  const { offset, timestamp, attributes, isControlRecord, batchContext } = record;
  const { producerId: producer, inTransaction } = batchContext;
  return { offset, timestamp, attributes, isControlRecord, producer, inTransaction, ...contentOf(record) };
}

function readTheirs(record: KafkaJsRecord): unknown {
  const { attributes, isControlRecord, batchContext } = record;
  const { producerId: producer, inTransaction } = batchContext;
  const [offset, timestamp] = [Number(record.offset), Number(record.timestamp)];
  return { offset, timestamp, attributes, isControlRecord, producer, inTransaction, ...contentOf(record) };
}

/** As text, which is compared much faster than bytes. */
function contentOf({ key, value, headers }: Pick<Ours, 'key' | 'value'> & { readonly headers: object }): object {
  const asText = (bytes: Buffer | string | null): string | undefined =>
    bytes === null ? undefined : Buffer.from(bytes as Buffer).toString('latin1');
  const named = Object.entries(headers as Record<string, Buffer>).map(([name, given]) => [name, [given].flat().map(asText)]);
  return { key: asText(key), value: asText(value), headers: named };
}
