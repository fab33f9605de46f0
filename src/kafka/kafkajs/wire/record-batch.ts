import kafkajs, { type Message } from 'kafkajs';

import { CODEC_MASK, LENGTH_END, MAGIC, TRANSACTIONAL } from './batch-format.js';
import { crc32c } from './crc32c.js';
import { RecordSection } from './record-section.js';

/** Bytes of a batch before its records. */
const HEAD = 61;
const CRC_AT = 17;
/** The checksum is over everything behind it. */
const CHECKED_FROM = 21;

/** Who writes a batch, and its place in the sequence of the partition. */
export interface BatchOrigin {
  /** -1 when the producer is not idempotent. kafkajs has it as text once a broker has given it. */
  readonly producerId: number | string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly transactional: boolean;
}

/** A record batch (format v2) that knows its size and can be written into a larger buffer. */
export class RecordBatch {
  /** Bytes that `write` fills. */
  readonly size: number;
  readonly #records: RecordSection | Buffer;
  readonly #attributes: number;
  readonly #count: number;
  readonly #firstTimestamp: number;
  readonly #maxTimestamp: number;
  readonly #origin: BatchOrigin;

  private constructor(records: RecordSection, compressed: Buffer | undefined, codec: number, times: Times, origin: BatchOrigin) {
    this.#records = compressed ?? records;
    this.#attributes = codec | (origin.transactional ? TRANSACTIONAL : 0);
    this.#count = records.count;
    this.#firstTimestamp = times.first;
    this.#maxTimestamp = times.max;
    this.#origin = origin;
    this.size = HEAD + (compressed?.length ?? records.size);
  }

  /** Reads the messages, each once and at once, and compresses them with the codec that is registered with kafkajs. */
  static async of(messages: readonly Message[], compression: number, origin: BatchOrigin): Promise<RecordBatch> {
    const times = timesOf(messages);
    const records = new RecordSection(messages, times.deltas);
    const codec = compression & CODEC_MASK;
    return new RecordBatch(records, codec === 0 ? undefined : await compress(records, codec), codec, times, origin);
  }

  /** Writes `size` bytes from `start` on; returns where the next byte goes. */
  write(bytes: Buffer, start: number): number {
    const { producerId, producerEpoch, firstSequence } = this.#origin;
    // The broker gives the first offset and the leader epoch.
    bytes.writeBigInt64BE(0n, start);
    bytes.writeInt32BE(this.size - LENGTH_END, start + 8);
    bytes.writeInt32BE(0, start + 12);
    bytes.writeInt8(MAGIC, start + 16);
    bytes.writeInt16BE(this.#attributes, start + 21);
    bytes.writeInt32BE(this.#count - 1, start + 23);
    bytes.writeBigInt64BE(BigInt(this.#firstTimestamp), start + 27);
    bytes.writeBigInt64BE(BigInt(this.#maxTimestamp), start + 35);
    bytes.writeBigInt64BE(BigInt(producerId), start + 43);
    bytes.writeInt16BE(producerEpoch, start + 51);
    bytes.writeInt32BE(firstSequence, start + 53);
    bytes.writeInt32BE(this.#count, start + 57);
    const end = start + this.size;
    if (this.#records instanceof RecordSection) this.#records.write(bytes, start + HEAD);
    else bytes.set(this.#records, start + HEAD);
    bytes.writeUInt32BE(crc32c(bytes.subarray(start + CHECKED_FROM, end)), start + CRC_AT);
    return end;
  }
}

interface Times {
  readonly first: number;
  readonly max: number;
  /** Of each record, to `first`. */
  readonly deltas: readonly number[];
}

/** A message without timestamp is of now. */
function timesOf(messages: readonly Message[]): Times {
  const now = Date.now();
  const all = messages.map(({ timestamp }) => (timestamp === undefined ? now : Number(timestamp)));
  let first = all[0] ?? now;
  let max = first;
  for (const time of all) {
    if (time < first) first = time;
    if (time > max) max = time;
  }
  return { first, max, deltas: all.map((time) => time - first) };
}

function compress(records: RecordSection, codec: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(records.size);
  records.write(bytes, 0);
  const codecs = kafkajs.CompressionCodecs as Readonly<Record<number, () => Codec>>;
  return codecs[codec]!().compress({ buffer: bytes });
}

interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
}
