import type { StagedRecord } from '../store.js';

type Headers = StagedRecord['headers'];
type Stored = string | [base64: string] | { readonly all: readonly Stored[] };

/** Headers as JSON entries: a string is itself, bytes are `[base64]`, several values `{ all }`. Exact, and readable for operators. */
export function writeHeaders(headers: Headers): string {
  return JSON.stringify(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? { all: value.map(toStored) } : toStored(value)]),
  );
}

export function readHeaders(json: string): Headers {
  const entries = JSON.parse(json) as [string, Stored][];
  return Object.fromEntries(entries.map(([name, value]) => [name, isSeveral(value) ? value.all.map(fromStored) : fromStored(value)]));
}

function toStored(value: Buffer | string): Stored {
  return typeof value === 'string' ? value : [value.toString('base64')];
}

function fromStored(value: Stored): Buffer | string {
  if (typeof value === 'string') return value;
  return Buffer.from((value as [string])[0], 'base64');
}

function isSeveral(value: Stored): value is { readonly all: readonly Stored[] } {
  return typeof value === 'object' && !Array.isArray(value);
}
