import { BusbarError } from '../../../errors.js';

/**
 * Reads what a broker sent, from front to back and never beyond its end: throws `BATCH_UNREADABLE` instead.
 */
export class ByteReader {
  readonly bytes: Buffer;
  readonly end: number;
  at: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Steps over `count` bytes and returns where they begin. */
  skip(count: number): number {
    const { at } = this;
    if (count < 0 || count > this.end - at) throw malformed(`${count} bytes are announced where ${this.end - at} are left`);
    this.at = at + count;
    return at;
  }

  int8(): number {
    return this.bytes.readInt8(this.skip(1));
  }

  int16(): number {
    return this.bytes.readInt16BE(this.skip(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.skip(4));
  }

  int64(): bigint {
    return this.bytes.readBigInt64BE(this.skip(8));
  }

  /** A length in two bytes and so many bytes of UTF-8. */
  text(): string {
    const length = this.int16();
    const start = this.skip(length);
    return this.bytes.toString('utf8', start, start + length);
  }

  /** How many things of at least `size` bytes follow; -1, as Kafka writes "none", counts as 0. */
  count(size: number): number {
    return this.#fits(this.int32(), size);
  }

  varcount(size: number): number {
    return this.#fits(this.varint(), size);
  }

  #fits(count: number, size: number): number {
    if (count < -1 || count * size > this.left) throw malformed(`${count} things are announced where ${this.left} bytes are left`);
    return Math.max(0, count);
  }

  /** A whole number of 32 bits, in one to five bytes. */
  varint(): number {
    const first = this.bytes[this.at]!;
    // Most lengths are below 64: this is where most of the time goes.
    if (first < 128 && this.at < this.end) {
      this.at++;
      return (first >>> 1) ^ -(first & 1);
    }
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.skip(1)]!;
      value |= (byte & 127) << shift;
      if (byte < 128) return (value >>> 1) ^ -(value & 1);
    }
    throw malformed('a number has no end');
  }

  /** A whole number of 64 bits, in one to ten bytes: exact up to 2^53, as far as times and offsets go. */
  varlong(): number {
    let value = 0;
    let unit = 1;
    for (let length = 0; length < 10; length++) {
      const byte = this.bytes[this.skip(1)]!;
      value += (byte & 127) * unit;
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      unit *= 128;
    }
    throw malformed('a number has no end');
  }

  /** So many bytes, without a copy; null for a length of -1. */
  slice(length: number): Buffer | null {
    if (length === -1) return null;
    const start = this.skip(length);
    return this.bytes.subarray(start, start + length);
  }
}

export function malformed(why: string): BusbarError {
  return new BusbarError('BATCH_UNREADABLE', `malformed records: ${why}`);
}
