import type { WireRecord } from '../kafka/record.js';

/** Most that Kafka's record format adds to a record (lengths, deltas, attributes) and to each header. */
const RECORD_OVERHEAD = 36;
const HEADER_OVERHEAD = 10;

/** Upper bound of the bytes a record takes in an uncompressed batch. */
export function recordBytes({ key, value, headers }: WireRecord): number {
  let bytes = RECORD_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0);
  // Own headers only: those of a record that was read may have any prototype.
  for (const name of Object.keys(headers)) {
    const given = headers[name]!;
    if (Array.isArray(given)) for (const one of given) bytes += headerBytes(name, one);
    else bytes += headerBytes(name, given);
  }
  return bytes;
}

function headerBytes(name: string, value: Buffer | string): number {
  return HEADER_OVERHEAD + Buffer.byteLength(name) + (typeof value === 'string' ? Buffer.byteLength(value) : value.length);
}
