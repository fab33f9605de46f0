import type { InHeaders } from '../../record.js';
import type { ByteReader } from './byte-reader.js';

/** Longer values stay bytes: text is what most are read for, and most are short. */
const MOST_TEXT = 256;
/** So many headers of a record are compared with those of the record before. */
const MOST_ALIKE = 32;

type Value = Buffer | string;
type Headers = Record<string, Value | Value[] | undefined>;

/** Unlike `{}` it inherits nothing, so a header may have any name; unlike `Object.create(null)` it is fast to fill. */
const NoPrototype = function () {} as unknown as new () => Headers;
NoPrototype.prototype = Object.create(null) as object;

/**
 * Reads the headers of one record after the other. Those of a topic are alike: a name, and many a value, is what stood at the
 * same place in the record before, and comparing it costs less than making the same text again.
 */
export class HeaderReader {
  readonly #names: string[] = [];
  readonly #values: string[] = [];

  /** ASCII comes as text, everything else as bytes, which share the memory of the batch. A header without value is undefined. */
  read(from: ByteReader): InHeaders {
    const headers = new NoPrototype();
    // Name and value take a byte for their length at least.
    const count = from.varcount(2);
    for (let i = 0; i < count; i++) {
      const name = this.#name(from, i);
      const value = this.#value(from, i);
      const before = headers[name];
      if (before === undefined) headers[name] = value;
      else if (Array.isArray(before)) before.push(...(value === undefined ? [] : [value]));
      else if (value !== undefined) headers[name] = [before, value];
    }
    return headers;
  }

  #name(from: ByteReader, place: number): string {
    const length = from.varint();
    const start = from.skip(length);
    return asBefore(this.#names, place, from.bytes, start, length) ?? from.bytes.toString('utf8', start, start + length);
  }

  #value(from: ByteReader, place: number): Value | undefined {
    const length = from.varint();
    if (length === -1) return undefined;
    const start = from.skip(length);
    return asBefore(this.#values, place, from.bytes, start, length) ?? from.bytes.subarray(start, start + length);
  }
}

/** The text of the bytes, the one from before if it is the same; undefined when it is long or not ASCII. */
function asBefore(texts: string[], place: number, bytes: Buffer, start: number, length: number): string | undefined {
  const before = texts[place];
  if (before !== undefined && isText(before, bytes, start, length)) return before;
  if (length > MOST_TEXT || !isAscii(bytes, start, length)) return undefined;
  const text = bytes.toString('latin1', start, start + length);
  if (place < MOST_ALIKE) texts[place] = text;
  return text;
}

function isText(text: string, bytes: Buffer, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

function isAscii(bytes: Buffer, start: number, length: number): boolean {
  let bits = 0;
  for (let i = start; i < start + length; i++) bits |= bytes[i]!;
  return bits < 128;
}
