import type { IHeaders } from 'kafkajs';
import Decoder, { type Header } from 'kafkajs/src/protocol/decoder.js';

const { prototype } = Decoder;
const read = prototype.readVarIntArray;

/**
 * kafkajs makes an object of the headers of a record by copying what it has for each further one: 10,000 of them, which is a
 * record of ordinary size, stop the process for half a minute, and its consumers are taken for dead. It does so with `reduce` on
 * the list, which gets another one. It is so for everybody who uses this kafkajs.
 */
export function decodeHeadersInOnePass(): void {
  prototype.readVarIntArray = function (reader) {
    const headers = read.call(this, reader);
    return { reduce: () => collected(headers as readonly Header[]) } as unknown as readonly Header[];
  };
}

/** A name that occurs twice has a list of values. */
function collected(headers: readonly Header[]): IHeaders {
  const found = new Map<string, Header['value'] | Header['value'][]>();
  for (const { key, value } of headers) {
    const before = found.get(key);
    if (before === undefined) found.set(key, value);
    else if (Array.isArray(before)) before.push(value);
    else found.set(key, [before, value]);
  }
  // Own properties, whatever they are called.
  return Object.fromEntries(found);
}
