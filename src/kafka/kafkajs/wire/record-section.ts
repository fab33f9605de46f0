import type { Message } from 'kafkajs';

import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from './varint.js';

type Part = Buffer | string | null | undefined;

/** Up to so many characters a loop in JavaScript writes ASCII faster than the call into Node that writes any text. */
const SHORT = 64;

/**
 * The records of a batch (format v2), measured first, so that they can be written into one buffer of the right size.
 * The headers of each message are read once, here.
 */
export class RecordSection {
  readonly count: number;
  /** Bytes that `write` fills. */
  readonly size: number;
  readonly #timestampDeltas: readonly number[];
  readonly #bodySizes: number[] = [];
  readonly #headerCounts: number[] = [];
  /** Key, value, and name and value of each header: of one record after the other. */
  readonly #parts: Part[] = [];
  readonly #lengths: number[] = [];

  constructor(messages: readonly Message[], timestampDeltas: readonly number[]) {
    this.count = messages.length;
    this.#timestampDeltas = timestampDeltas;
    let size = 0;
    for (let i = 0; i < messages.length; i++) {
      const { key, value, headers } = messages[i]!;
      const deltas = sizeOfVarlong(timestampDeltas[i]!) + sizeOfVarint(i);
      const bodySize = 1 + deltas + this.#measure(key) + this.#measure(value) + this.#measureHeaders(headers);
      this.#bodySizes.push(bodySize);
      size += sizeOfVarint(bodySize) + bodySize;
    }
    this.size = size;
  }

  /** Writes `size` bytes from `start` on; returns where the next byte goes. */
  write(bytes: Buffer, start: number): number {
    let at = start;
    let part = 0;
    for (let i = 0; i < this.count; i++) {
      at = writeVarint(bytes, at, this.#bodySizes[i]!);
      // Attributes of records: there are none yet.
      bytes[at++] = 0;
      at = writeVarlong(bytes, at, this.#timestampDeltas[i]!);
      at = writeVarint(bytes, at, i);
      at = this.#writePart(bytes, at, part++);
      at = this.#writePart(bytes, at, part++);
      const headers = this.#headerCounts[i]!;
      at = writeVarint(bytes, at, headers);
      for (const end = part + 2 * headers; part < end; part++) at = this.#writePart(bytes, at, part);
    }
    return at;
  }

  #measure(part: Part): number {
    this.#parts.push(part);
    if (part === null || part === undefined) {
      this.#lengths.push(-1);
      return 1;
    }
    const length = typeof part === 'string' ? Buffer.byteLength(part) : part.length;
    this.#lengths.push(length);
    return sizeOfVarint(length) + length;
  }

  #measureHeaders(headers: Message['headers']): number {
    let count = 0;
    let size = 0;
    for (const name of headers === undefined ? [] : Object.keys(headers)) {
      const given = headers![name];
      const values = Array.isArray(given) ? given : [given];
      for (const value of values) {
        size += this.#measure(name) + this.#measure(value);
        count++;
      }
    }
    this.#headerCounts.push(count);
    return sizeOfVarint(count) + size;
  }

  #writePart(bytes: Buffer, start: number, index: number): number {
    const part = this.#parts[index];
    const length = this.#lengths[index]!;
    const at = writeVarint(bytes, start, length);
    if (part === null || part === undefined) return at;
    if (typeof part !== 'string') bytes.set(part, at);
    else if (length > SHORT || length !== part.length) bytes.write(part, at, length, 'utf8');
    else for (let i = 0; i < length; i++) bytes[at + i] = part.charCodeAt(i);
    return at + length;
  }
}
