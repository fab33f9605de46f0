import type * as Wasm from '@bokuweb/zstd-wasm';

import { BusbarError } from '../../errors.js';
import { MOST_INFLATED, type Compressor } from './compressor.js';
import { packageOf } from './package-of.js';
import { garbled, tooLarge } from './refusal.js';
import { framesOf } from './zstd-frames.js';

/** For a Node.js that has no zstd: the same, compiled to WebAssembly, which works in this thread and not beside it. */
export const zstdOfWasm: Compressor = {
  compress: async (bytes) => Buffer.from((await library()).compress(bytes)),
  decompress: async (bytes) => {
    const { decompress } = await library();
    try {
      const frames = framesOf(bytes);
      // The library takes whatever memory a frame asks for.
      if (frames.reduce((sum, { most }) => sum + most, 0) > MOST_INFLATED) throw tooLarge(bytes, 'zstd');
      return Buffer.concat(frames.map(({ frame, most }) => decompress(frame, { defaultHeapSize: most })));
    } catch (error) {
      throw error instanceof BusbarError ? error : garbled(bytes, 'zstd', (error as Error).message);
    }
  },
};

let ready: Promise<void> | undefined;

async function library(): Promise<typeof Wasm> {
  const zstd = await packageOf('zstd', '@bokuweb/zstd-wasm', () => import('@bokuweb/zstd-wasm'));
  await (ready ??= zstd.init());
  return zstd;
}
