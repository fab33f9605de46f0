import type { BusbarError } from '../../errors.js';

/** What kafkajs has read of a batch when it asks for its records. */
export interface BatchHead {
  readonly records: number;
  /** Offset of its last record, less that of its first. */
  readonly lastOffsetDelta: number;
}

// https://kafka.apache.org/documentation/#recordbatch
const HEAD_BYTES = 61;
const MAGIC_AT = 16;
const LAST_OFFSET_DELTA_AT = 23;
const RECORDS_AT = 57;
/** The format of batches; older ones are of messages. */
const MAGIC = 2;

/** kafkajs makes as many records as the batch says; nobody writes so many into one. */
const MOST_RECORDS = 1_000_000;
/** Attributes, time, offset, and the lengths of key, value and headers, a byte each. */
const SMALLEST_RECORD = 6;

/** Records have no attributes: Kafka writes 0. */
const MARK = 0x7f;

/** Why batches could not be read, by the memory that marked records stand in. */
const reasons = new WeakMap<ArrayBufferLike, BusbarError>();

/** The head in front of the compressed records, in the answer of the broker; undefined when they are of an older format. */
export function batchAround(compressed: Buffer): BatchHead | undefined {
  if (compressed.byteOffset < HEAD_BYTES) return undefined;
  const head = Buffer.from(compressed.buffer, compressed.byteOffset - HEAD_BYTES, HEAD_BYTES);
  // Its length does not count what stands before it.
  if (head[MAGIC_AT] !== MAGIC || head.readInt32BE(8) !== HEAD_BYTES - 12 + compressed.length) return undefined;
  return { records: head.readInt32BE(RECORDS_AT), lastOffsetDelta: head.readInt32BE(LAST_OFFSET_DELTA_AT) };
}

/** Whether so many records stand one behind the other in `bytes`: kafkajs believes it. */
export function holdsRecords(bytes: Buffer, records: number): boolean {
  let at = 0;
  for (let i = 0; i < records; i++) {
    let length = 0;
    let scale = 1;
    let byte: number;
    do {
      if (at >= bytes.length || scale > 2 ** 28) return false;
      byte = bytes[at++]!;
      length += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    // Zigzag: odd numbers are negative lengths.
    if (length % 2 !== 0 || length / 2 < SMALLEST_RECORD) return false;
    at += length / 2;
  }
  return at <= bytes.length;
}

/**
 * As many records as the batch has, all of them marked and at its last offset: a reader that has passed the offsets before still
 * gets them. Undefined when there would be too many.
 */
export function markedRecords({ records, lastOffsetDelta }: BatchHead, why: BusbarError): Buffer | undefined {
  if (records > MOST_RECORDS) return undefined;
  const record = Buffer.from([MARK, 0, ...zigzag(lastOffsetDelta), ...zigzag(-1), ...zigzag(1), 0, ...zigzag(0)]);
  const one = Buffer.from([...zigzag(record.length), ...record]);
  const all = Buffer.from(new ArrayBuffer(one.length * records));
  if (records > 0) all.fill(one);
  reasons.set(all.buffer, why);
  return all;
}

/** Why the batch of a marked record could not be read; undefined for any other record. */
export function unreadable({ attributes, value }: { readonly attributes: number; readonly value: Buffer | null }): BusbarError | undefined {
  return attributes === MARK && value !== null ? reasons.get(value.buffer) : undefined;
}

/** A number as Kafka writes it in records. */
function zigzag(number: number): number[] {
  const bytes: number[] = [];
  let rest = number < 0 ? -2 * number - 1 : 2 * number;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 0x80);
  return [...bytes, rest];
}
