import kafkajs from 'kafkajs';

import { BusbarError } from '../../errors.js';
import type { Compression, Compressor } from '../compression/compressor.js';
import { COMPRESSORS } from '../compression/compressors.js';

const { CompressionCodecs, CompressionTypes } = kafkajs;

/** As kafkajs calls them. */
export const COMPRESSION_TYPES = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const satisfies Record<Compression, number>;

/** kafkajs has gzip alone, and inflates whatever comes until the memory is full. Compressions are the same for everybody who uses this kafkajs. */
export function useCompressions(): void {
  for (const name of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const compressor = COMPRESSORS[name];
    CompressionCodecs[COMPRESSION_TYPES[name]] = () => ({
      compress: ({ buffer }: { readonly buffer: Buffer }) => compressor.compress(buffer),
      decompress: (bytes: Buffer) => decompress(compressor, bytes),
    });
  }
}

async function decompress(compressor: Compressor, bytes: Buffer): Promise<Buffer> {
  try {
    return await compressor.decompress(bytes);
  } catch (error) {
    if (!(error instanceof BusbarError)) throw error;
    // Of any other kind kafkajs would ask for the batch again and again, and say nothing.
    throw Object.assign(new kafkajs.KafkaJSNonRetriableError(error.message), { cause: error });
  }
}

/** Rejects `COMPRESSION_MISSING` when nothing could be sent: a batch that cannot be compressed would fail at each publish. */
export async function tryCompression(compression: Compression): Promise<void> {
  if (compression !== 'none') await COMPRESSORS[compression].compress(Buffer.from('to see that it works'));
}
