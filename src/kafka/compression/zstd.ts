import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

import { MOST_INFLATED, type Compressor } from './compressor.js';
import { garbled, isOverLength, tooLarge } from './refusal.js';
import { framesOf } from './zstd-frames.js';
import { zstdOfWasm } from './zstd-of-wasm.js';

type Done = (error: Error | null, result: Buffer) => void;

/** What node:zlib has of zstd from Node.js 22.15 on. */
interface ZstdOfNode {
  readonly zstdCompress?: (bytes: Buffer, done: Done) => void;
  readonly zstdDecompress?: (bytes: Buffer, options: { readonly maxOutputLength: number }, done: Done) => void;
}

const { zstdCompress, zstdDecompress } = zlib as typeof zlib & ZstdOfNode;

export const zstd: Compressor =
  zstdCompress === undefined || zstdDecompress === undefined
    ? zstdOfWasm
    : { compress: promisify(zstdCompress), decompress: (bytes) => decompress(bytes, promisify(zstdDecompress)) };

/** Node.js inflates the first frame, and says nothing of what is behind it. */
async function decompress(
  bytes: Buffer,
  inflate: (frame: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>,
): Promise<Buffer> {
  try {
    const parts: Buffer[] = [];
    let left = MOST_INFLATED;
    for (const { frame } of framesOf(bytes)) {
      // A limit of none is not taken for one.
      const part = await inflate(frame, { maxOutputLength: Math.max(1, left) });
      left -= part.length;
      parts.push(part);
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  } catch (error) {
    throw isOverLength(error) ? tooLarge(bytes, 'zstd') : garbled(bytes, 'zstd', (error as Error).message);
  }
}
