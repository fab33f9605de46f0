import type * as Snappy from 'snappyjs';

import { MOST_INFLATED, type Compressor } from './compressor.js';
import { packageOf } from './package-of.js';
import { garbled, tooLarge } from './refusal.js';
import { announced, inflateBlock } from './snappy-block.js';

/** Java's clients write a header and blocks with their lengths around snappy, after the library xerial; others may leave that out. */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
/** The magic, then the version and the oldest version that can read it. */
const HEADER = Buffer.concat([MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])]);
/** What the Java client puts into a block. */
const BLOCK_BYTES = 32 * 1024;

export const snappy: Compressor = {
  compress: async (bytes) => {
    const { compress } = await library();
    const parts: Buffer[] = [HEADER];
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      const block = compress(bytes.subarray(at, at + BLOCK_BYTES));
      const length = Buffer.alloc(4);
      length.writeInt32BE(block.length);
      parts.push(length, block);
    }
    return Buffer.concat(parts);
  },
  // Inflating is not the library's: it goes round and round in bytes that were made for that.
  decompress: async (bytes) => {
    try {
      const blocks = bytes.subarray(0, MAGIC.length).equals(MAGIC) ? blocksOf(bytes) : [bytes];
      const lengths = blocks.map(announced);
      const inflated = lengths.reduce((sum, { length }) => sum + length, 0);
      if (inflated > MOST_INFLATED) throw tooLarge(bytes, 'snappy');
      const out = Buffer.allocUnsafe(inflated);
      let start = 0;
      for (const [i, { length, from }] of lengths.entries()) {
        inflateBlock(blocks[i]!, from, out, start, start + length);
        start += length;
      }
      return out;
    } catch (error) {
      throw error instanceof RangeError ? garbled(bytes, 'snappy', error.message) : error;
    }
  },
};

const library = async (): Promise<typeof Snappy> => (await packageOf('snappy', 'snappyjs', () => import('snappyjs'))).default;

/** Throws `RangeError` where the bytes end too early. */
function blocksOf(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = HEADER.length; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new RangeError('a block is cut off');
    blocks.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return blocks;
}
