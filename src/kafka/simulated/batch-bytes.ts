import type { WireRecord } from '../record.js';

/** About what the records take as a batch, in bytes. */
export function batchBytes(records: readonly WireRecord[]): number {
  let bytes = 0;
  for (const { key, value, headers } of records) {
    bytes += (key?.length ?? 0) + (value?.length ?? 0);
    for (const [name, values] of Object.entries(headers)) for (const one of [values].flat()) bytes += name.length + one.length;
  }
  return bytes;
}
