import kafkajs from 'kafkajs';

import { BusbarError } from '../../../errors.js';
import { MOST_INFLATED } from '../../compression/compressor.js';
import { AbortedTransactions } from './aborted-transactions.js';
import { CODEC_MASK, LENGTH_END, MAGIC, TRANSACTIONAL } from './batch-format.js';
import { ByteReader, malformed } from './byte-reader.js';
import { crc32c } from './crc32c.js';
import { type BatchContext, FetchedRecord, UnreadableBatch } from './fetched-record.js';
import { HeaderReader } from './header-reader.js';

const MAGIC_AT = 16;
const LAST_DELTA_AT = 23;
/** What is behind the length, up to the records. */
const HEAD = 49;
const LOG_APPEND_TIME = 8;
const CONTROL = 32;
/** A record without key, value and headers. */
const SMALLEST_RECORD = 7;

/** Whether the bytes are record batches (format v2), and not what brokers before 0.11 have written. */
export function areBatches(bytes: Buffer): boolean {
  return bytes.length <= MAGIC_AT || bytes[MAGIC_AT] === MAGIC;
}

/**
 * Reads the batches of one partition. The last one may be cut off, since brokers send as many bytes as were asked for: it is left for
 * the next time. What has another checksum than it says, cannot be decompressed or is malformed ends the reading with an
 * `UnreadableBatch`; an error would end that of all partitions that were fetched together. Keys and values share the memory of `bytes`.
 */
export async function readBatches(
  topic: string,
  partition: number,
  bytes: Buffer,
  aborted = new AbortedTransactions([]),
): Promise<FetchedRecord[]> {
  const records: FetchedRecord[] = [];
  const headers = new HeaderReader();
  let start = 0;
  let inflated = 0;
  // What is behind is left for the next time too: together, small batches may inflate to far more than one may.
  while (bytes.length - start >= LENGTH_END + HEAD && inflated <= MOST_INFLATED) {
    const from = new ByteReader(bytes, start);
    const firstOffset = Number(from.int64());
    const length = from.int32();
    if (length > from.left) break;
    const before = records.length;
    try {
      const batch = new ByteReader(bytes, from.at, from.at + length);
      if (length < HEAD) throw malformed(`a batch of ${length} bytes`);
      const head = readHead(batch, firstOffset);
      const content = head.codec === 0 ? batch : new ByteReader(await decompressed(head.codec, batch));
      if (head.codec !== 0) inflated += content.left;
      const isAborted = aborted.include(head.context, firstOffset + head.lastDelta);
      readRecords(topic, partition, isAborted ? hidden(head) : head, content, headers, records);
      if (head.context.isControl) aborted.ended(head.context, records[before]?.key);
    } catch (error) {
      records.length = before;
      records.push(new UnreadableBatch(topic, partition, asUnreadable(error), nextOf(bytes, start, firstOffset, length)));
      return records;
    }
    start = from.at + length;
  }
  return records;
}

/** Where reading may go on behind a batch, as far as it can be told: the head may be what is damaged. Never beyond the batch that follows. */
function nextOf(bytes: Buffer, start: number, firstOffset: number, length: number): number {
  const lastDelta = Math.max(0, bytes.readInt32BE(start + LAST_DELTA_AT));
  const end = start + LENGTH_END + length;
  const following = length >= HEAD && end + 8 <= bytes.length ? Number(bytes.readBigInt64BE(end)) : Infinity;
  return Math.max(firstOffset + 1, Math.min(firstOffset + lastDelta + 1, following));
}

/** kafkajs wants errors of codecs wrapped in its own. */
function asUnreadable(error: unknown): BusbarError {
  if (error instanceof BusbarError) return error;
  if (error instanceof Error && error.cause instanceof BusbarError) return error.cause;
  return new BusbarError('BATCH_UNREADABLE', error instanceof Error ? error.message : String(error), { cause: error });
}

interface Head {
  readonly codec: number;
  readonly firstOffset: number;
  readonly lastDelta: number;
  readonly firstTimestamp: number;
  /** Of all records, when it is the broker that says when they were written. */
  readonly appended: number | undefined;
  readonly count: number;
  readonly context: BatchContext;
}

function readHead(batch: ByteReader, firstOffset: number): Head {
  // The leader epoch, and the magic byte.
  batch.skip(5);
  const checksum = batch.int32() >>> 0;
  if (crc32c(batch.bytes.subarray(batch.at, batch.end)) !== checksum) throw malformed('the checksum is another one');
  const attributes = batch.int16();
  const lastDelta = batch.int32();
  const firstTimestamp = Number(batch.int64());
  const maxTimestamp = Number(batch.int64());
  const producerId = batch.int64().toString();
  // Epoch and first sequence.
  batch.skip(6);
  const count = batch.int32();
  return {
    codec: attributes & CODEC_MASK,
    firstOffset,
    lastDelta,
    firstTimestamp,
    appended: (attributes & LOG_APPEND_TIME) === 0 ? undefined : maxTimestamp,
    count,
    context: { producerId, inTransaction: (attributes & TRANSACTIONAL) !== 0, isControl: (attributes & CONTROL) !== 0 },
  };
}

/** Nobody gets to see its records: kafkajs leaves them out as it does control records, and goes on behind them. */
function hidden(head: Head): Head {
  return { ...head, context: { ...head.context, isControl: true } };
}

interface Codec {
  decompress(bytes: Buffer): Promise<Buffer>;
}

/** With the codecs that are registered with kafkajs, which bound what comes out. */
function decompressed(codec: number, batch: ByteReader): Promise<Buffer> {
  const codecs = kafkajs.CompressionCodecs as Readonly<Record<number, (() => Codec) | undefined>>;
  const newCodec = codecs[codec];
  if (newCodec === undefined) throw malformed(`the codec ${codec} is not known`);
  return newCodec().decompress(batch.bytes.subarray(batch.at, batch.end));
}

function readRecords(topic: string, partition: number, head: Head, from: ByteReader, headers: HeaderReader, into: FetchedRecord[]): void {
  const { count, firstOffset, lastDelta, firstTimestamp, appended, context } = head;
  if (count < 0 || count * SMALLEST_RECORD > from.left) throw malformed(`${count} records are announced where ${from.left} bytes are left`);
  if (lastDelta < 0) throw malformed(`the last record is ${lastDelta} behind the first`);
  let last = -1;
  for (let i = 0; i < count; i++) {
    const length = from.varint();
    const end = from.at + length;
    const attributes = from.int8();
    const timestamp = firstTimestamp + from.varlong();
    const delta = from.varint();
    if (delta < 0 || delta > lastDelta) throw malformed(`a record ${delta} behind the first, the last being ${lastDelta} behind it`);
    last = delta;
    const key = from.slice(from.varint());
    const value = from.slice(from.varint());
    const read = headers.read(from);
    if (from.at !== end) throw malformed(`a record of ${length} bytes that takes ${from.at - end + length}`);
    into.push(new FetchedRecord(topic, partition, firstOffset + delta, appended ?? timestamp, key, value, read, attributes, context));
  }
  if (from.left !== 0) throw malformed(`${from.left} bytes behind the last record`);
  if (last === lastDelta) return;
  // Compaction took its last records, or all, and left its range: kafkajs would not get past a batch without any.
  const offset = firstOffset + lastDelta;
  into.push(new FetchedRecord(topic, partition, offset, appended ?? firstTimestamp, null, null, {}, 0, { ...context, isControl: true }));
}
