import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

import { MOST_INFLATED, type Compressor } from './compressor.js';
import { garbled, isOverLength, tooLarge } from './refusal.js';
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
    : {
        compress: promisify(zstdCompress),
        decompress: async (bytes) => {
          try {
            return await promisify(zstdDecompress)(bytes, { maxOutputLength: MOST_INFLATED });
          } catch (error) {
            throw isOverLength(error) ? tooLarge(bytes, 'zstd') : garbled(bytes, 'zstd', (error as Error).message);
          }
        },
      };
