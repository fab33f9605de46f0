import type { Message } from 'kafkajs';

import { crc32c } from '../../src/kafka/kafkajs/wire/crc32c.js';
import { type BatchOrigin, RecordBatch } from '../../src/kafka/kafkajs/wire/record-batch.js';

/** Where a batch has its checksum, and what it is over. */
const CRC_AT = 17;
const CHECKED_FROM = 21;
/** What is before the records of a batch. */
const HEAD_LENGTH = 61;

const ANYBODY: BatchOrigin = { producerId: -1, producerEpoch: -1, firstSequence: -1, transactional: false };

/** A batch as a broker keeps it. */
export async function batchOf(
  messages: readonly Message[],
  { firstOffset = 0, compression = 0, origin = ANYBODY }: { firstOffset?: number; compression?: number; origin?: BatchOrigin } = {},
): Promise<Buffer> {
  const batch = await RecordBatch.of(messages, compression, origin);
  const bytes = Buffer.alloc(batch.size);
  batch.write(bytes, 0);
  bytes.writeBigInt64BE(BigInt(firstOffset));
  return bytes;
}

/** The batch with other bytes, and the checksum that belongs to them. */
export function changed(batch: Buffer, change: (bytes: Buffer) => unknown): Buffer {
  const bytes = Buffer.from(batch);
  change(bytes);
  bytes.writeUInt32BE(crc32c(bytes.subarray(CHECKED_FROM)), CRC_AT);
  return bytes;
}

/** A batch with these bytes where its records are, which it says are so many. */
export async function batchHolding(content: Buffer, count: number): Promise<Buffer> {
  const head = (await batchOf([{ value: null }])).subarray(0, HEAD_LENGTH);
  return changed(Buffer.concat([head, content]), (bytes) => {
    bytes.writeInt32BE(bytes.length - 12, 8);
    bytes.writeInt32BE(count - 1, 23);
    bytes.writeInt32BE(count, 57);
  });
}

/** What the transaction coordinator writes behind a transaction. */
export async function endOf(end: 'commit' | 'abort', firstOffset: number, producerId: number): Promise<Buffer> {
  const key = Buffer.from([0, 0, 0, end === 'abort' ? 0 : 1]);
  const batch = await batchOf([{ key, value: Buffer.alloc(6) }], { firstOffset, origin: transactionOf(producerId) });
  return changed(batch, (bytes) => bytes.writeInt16BE(0x30, CHECKED_FROM));
}

export function transactionOf(producerId: number): BatchOrigin {
  return { producerId, producerEpoch: 0, firstSequence: 0, transactional: true };
}

/** The batch as compaction leaves it when none of its records is left. */
export function emptied(batch: Buffer): Buffer {
  return changed(batch.subarray(0, HEAD_LENGTH), (bytes) => {
    bytes.writeInt32BE(bytes.length - 12, 8);
    bytes.writeInt32BE(0, 57);
  });
}

/** The answer to a Fetch request of this version: of one topic, a record set for each partition. */
export function answerOf(
  version: number,
  topic: string,
  recordSets: readonly Buffer[],
  aborted: readonly { readonly producerId: number; readonly firstOffset: number }[] = [{ producerId: 7, firstOffset: 8 }],
): Buffer {
  const int8 = (value: number): Buffer => Buffer.from([value]);
  const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
  const int32 = (value: number): Buffer => Buffer.concat([int16(value >> 16), int16(value & 65_535)]);
  const int64 = (value: number): Buffer => Buffer.concat([int32(0), int32(value)]);
  const from = (first: number, ...parts: Buffer[]): Buffer[] => (version >= first ? parts : []);
  return Buffer.concat([
    int32(12),
    ...from(7, int16(0), int32(34)),
    int32(1),
    int16(Buffer.byteLength(topic)),
    Buffer.from(topic),
    int32(recordSets.length),
    ...recordSets.flatMap((bytes, partition) => [
      int32(partition),
      int8(0),
      int8(0),
      int64(1_000),
      int64(999),
      ...from(5, int64(1)),
      int32(aborted.length),
      ...aborted.flatMap(({ producerId, firstOffset }) => [int64(producerId), int64(firstOffset)]),
      ...from(11, int32(-1)),
      int32(bytes.length),
      bytes,
    ]),
  ]);
}
