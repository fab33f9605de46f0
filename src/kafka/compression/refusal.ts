import { BusbarError } from '../../errors.js';
import { MOST_INFLATED, type Compression } from './compressor.js';

/** The error for bytes that are not what their batch says. `why` is what the decompressing library said of it. */
export function garbled(bytes: Buffer, compression: Compression, why: string): BusbarError {
  return new BusbarError('BATCH_UNREADABLE', `a batch of ${bytes.length} bytes is no ${compression} (${why})`);
}

/** The error for bytes that would take more memory than any batch may. */
export function tooLarge(bytes: Buffer, compression: Compression): BusbarError {
  return new BusbarError(
    'BATCH_UNREADABLE',
    `a batch of ${bytes.length} bytes of ${compression} inflates to more than ${MOST_INFLATED} bytes`,
  );
}

/** Whether a function of node:zlib has stopped at its `maxOutputLength`. */
export function isOverLength(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
}
