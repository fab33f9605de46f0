import { MOST_INFLATED, type Compressor } from './compressor.js';
import { packageOf } from './package-of.js';
import { garbled, tooLarge } from './refusal.js';

const MAGIC = 0x184d2204;
/** Of a block's length: the block is not compressed. */
const STORED = 0x8000_0000;
/** No block inflates more: a byte of it copies so many at most. */
const MOST_RATIO = 255;

/** The frame format of lz4, with which Kafka's clients write it. */
export const lz4: Compressor = {
  compress: async (bytes) => (await library()).compressFrame(bytes),
  decompress: async (bytes) => {
    const { decompressFrame } = await library();
    // The library inflates whatever comes.
    if (mostInflated(bytes) > MOST_INFLATED) throw tooLarge(bytes, 'lz4');
    try {
      return await decompressFrame(bytes);
    } catch (error) {
      throw garbled(bytes, 'lz4', (error as Error).message);
    }
  },
};

type Of = (bytes: Buffer) => Promise<Buffer>;

const library = async (): Promise<{ compressFrame: Of; decompressFrame: Of }> =>
  (await packageOf('lz4', 'lz4-napi', () => import('lz4-napi'))).default;

/**
 * What the frame can inflate to at most, in bytes: the lengths of its blocks are in front of them, and a block is full unless it is
 * the last one. https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
function mostInflated(bytes: Buffer): number {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== MAGIC) throw garbled(bytes, 'lz4', 'it does not begin as a frame does');
  const flags = bytes[4]!;
  const checksum = flags & 0x10 ? 4 : 0;
  const blockBytes = 2 ** (8 + 2 * ((bytes[5]! >> 4) & 7));
  let most = 0;
  // Behind magic, flags and size of blocks: the size of the content and the id of a dictionary, if they are there, and a checksum.
  let at = 6 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0) + 1;
  for (;;) {
    if (at + 4 > bytes.length) throw garbled(bytes, 'lz4', 'it is cut off');
    const word = bytes.readUInt32LE(at);
    if (word === 0) return most;
    const length = word % STORED;
    most += word >= STORED ? length : Math.min(blockBytes, length * MOST_RATIO);
    at += 4 + length + checksum;
  }
}
