import { isUtf8 } from 'node:buffer';

/** A line of the input, without its end. */
export interface Line {
  /** The first is 1. */
  readonly number: number;
  /** Undefined when it cannot be read, for `reason`. */
  readonly text: string | undefined;
  readonly reason?: string | undefined;
}

/** Longer lines are no events: a record could not carry one. Bounds what is held in memory. */
export const MAX_LINE_BYTES = 4 * 1024 * 1024;

const NEWLINE = 0x0a;

/** Splits bytes into lines as they come. Blank lines are counted and left out. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let number = 0;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  const hold = (part: Uint8Array): void => {
    heldBytes += part.length;
    if (heldBytes > MAX_LINE_BYTES) held = [];
    else held.push(part);
  };
  const take = (): Line => {
    const line = lineOf(++number, heldBytes > MAX_LINE_BYTES ? undefined : Buffer.concat(held));
    held = [];
    heldBytes = 0;
    return line;
  };

  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      hold(chunk.subarray(from, end));
      from = end + 1;
      const line = take();
      if (!isBlank(line)) yield line;
    }
    hold(chunk.subarray(from));
  }
  const last = take();
  if (!isBlank(last)) yield last;
}

function lineOf(number: number, bytes: Buffer | undefined): Line {
  if (bytes === undefined) return { number, text: undefined, reason: `longer than ${MAX_LINE_BYTES} bytes` };
  // Decoding would replace what is not UTF-8, and the event would be another one than was written.
  if (!isUtf8(bytes)) return { number, text: undefined, reason: 'not UTF-8' };
  const text = bytes.toString('utf8');
  return { number, text: number === 1 && text.startsWith('\uFEFF') ? text.slice(1) : text };
}

function isBlank({ text }: Line): boolean {
  return text?.trim() === '';
}
