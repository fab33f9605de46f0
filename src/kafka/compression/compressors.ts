import type { Compression, Compressor } from './compressor.js';
import { gzip } from './gzip.js';
import { lz4 } from './lz4.js';
import { snappy } from './snappy.js';
import { zstd } from './zstd.js';

export const COMPRESSORS: Readonly<Record<Exclude<Compression, 'none'>, Compressor>> = { gzip, snappy, lz4, zstd };
