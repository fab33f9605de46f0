import { open } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';

import { linesOf, type Line } from './lines.js';
import type { Options } from './options.js';
import { scenario } from './scenario.js';

/** Where the events come from. */
export interface Input {
  /** For people, e.g. `the bundled scenario`. */
  readonly name: string;
  readonly lines: AsyncIterable<Line> | Iterable<Line>;
}

/**
 * Undefined for `--input none`. Rejects when the file cannot be opened, before anything else is started. After `signal`
 * the lines end, with an error where they wait for more.
 */
export async function openInput({ input, events }: Options, signal: AbortSignal): Promise<Input | undefined> {
  if (input === undefined) return { name: 'the bundled scenario', lines: scenario(events) };
  if (input === 'none') return undefined;
  const bytes = input === '-' ? process.stdin : (await open(input)).createReadStream();
  return { name: input === '-' ? 'standard input' : input, lines: linesOf(addAbortSignal(signal, bytes as Readable)) };
}
