import { BusbarError } from '../../errors.js';
import type { Compression } from './compressor.js';

/**
 * What `load` imports, a package that only batches in `compression` need: an application without them does not load it, and one
 * that was installed without it works for all the others. Rejects `COMPRESSION_MISSING`.
 */
export async function packageOf<T>(compression: Compression, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const reason = (error as Error).message.split('\n', 1)[0];
    const fix = `npm install ${name} where the application is installed, with its optional dependencies, and restart`;
    throw new BusbarError('COMPRESSION_MISSING', `${compression} needs the package ${name}, which cannot be loaded (${reason}): ${fix}`, {
      cause: error,
    });
  }
}
