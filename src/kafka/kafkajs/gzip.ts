import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

import kafkajs from 'kafkajs';

/** What a batch may take when it is inflated, in bytes. A thousand times smaller it passes through any limit of a broker. */
export const MOST_INFLATED = 128 * 1024 * 1024;

const deflate = promisify(gzip);
const inflate = promisify(gunzip);

/** As kafkajs wants a codec. */
export const gzipCodec = {
  compress: (encoder: { readonly buffer: Buffer }): Promise<Buffer> => deflate(encoder.buffer),
  decompress: async (bytes: Buffer): Promise<Buffer> => {
    try {
      return await inflate(bytes, { maxOutputLength: MOST_INFLATED });
    } catch (error) {
      const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      const why = isTooLarge ? `inflates to more than ${MOST_INFLATED} bytes` : `is no gzip (${(error as Error).message})`;
      // Of any other kind kafkajs would ask for the batch again and again, and say nothing.
      throw new kafkajs.KafkaJSNonRetriableError(`a batch of ${bytes.length} bytes ${why} and cannot be read`);
    }
  },
};

/** kafkajs's own inflates whatever comes until the memory is full. Codecs are the same for everybody who uses this kafkajs. */
export function useGzip(): void {
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.GZIP] = () => gzipCodec;
}
