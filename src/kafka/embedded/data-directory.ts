import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { BusbarError } from '../../errors.js';
import { DataDirLock } from './data-dir-lock.js';

/** A directory that this broker alone may use, until `release`. */
export interface DataDirectory {
  readonly path: string;
  /** Lets the next one have it; a temporary directory is removed. */
  release(): Promise<void>;
}

/** `DATA_DIR_IN_USE`, or `EMBEDDED_FAILED` when it cannot be created or written. Without a path: a temporary one. */
export async function openDataDirectory(path: string | undefined): Promise<DataDirectory> {
  return path === undefined ? temporaryDirectory() : lockedDirectory(resolve(path));
}

async function lockedDirectory(path: string): Promise<DataDirectory> {
  try {
    await mkdir(path, { recursive: true });
    const lock = await DataDirLock.acquire(path);
    return { path, release: () => lock.release() };
  } catch (cause) {
    if (cause instanceof BusbarError) throw cause;
    throw new BusbarError('EMBEDDED_FAILED', `the data directory ${path} cannot be used: ${(cause as Error).message}`, { cause });
  }
}

/** Its name is unique, so it needs no lock. Removed, too, when the process ends without a stop. */
async function temporaryDirectory(): Promise<DataDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'busbar-kafka-'));
  const removeAtExit = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  process.once('exit', removeAtExit);
  return {
    path,
    release: async () => {
      process.off('exit', removeAtExit);
      await rm(path, { recursive: true, force: true });
    },
  };
}
