import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

import { MOST_INFLATED, type Compressor } from './compressor.js';
import { garbled, isOverLength, tooLarge } from './refusal.js';

const deflate = promisify(zlib.gzip);
const inflate = promisify(zlib.gunzip);

export const gzip: Compressor = {
  compress: (bytes) => deflate(bytes),
  decompress: async (bytes) => {
    try {
      return await inflate(bytes, { maxOutputLength: MOST_INFLATED });
    } catch (error) {
      throw isOverLength(error) ? tooLarge(bytes, 'gzip') : garbled(bytes, 'gzip', (error as Error).message);
    }
  },
};
