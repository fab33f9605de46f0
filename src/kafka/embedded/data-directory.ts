import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { BusbarError } from '../../errors.js';
import { DataDirLock } from './data-dir-lock.js';

/** What a broker that was just ended has still under way may be written a moment later. */
const REMOVAL = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 } as const;

/** A directory that this broker alone may use, until `release`. */
export interface DataDirectory {
  readonly path: string;
  /** Lets the next one have it; a temporary directory is removed. */
  release(): Promise<void>;
}

/** `DATA_DIR_IN_USE`, or `EMBEDDED_FAILED` when it cannot be created or written. Without a path: a temporary one. */
export async function openDataDirectory(path: string | undefined): Promise<DataDirectory> {
  try {
    return path === undefined ? await temporaryDirectory() : await lockedDirectory(resolve(path));
  } catch (cause) {
    if (cause instanceof BusbarError) throw cause;
    throw new BusbarError('EMBEDDED_FAILED', `the data directory ${path ?? tmpdir()} cannot be used: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function lockedDirectory(path: string): Promise<DataDirectory> {
  await mkdir(path, { recursive: true });
  const lock = await DataDirLock.acquire(path);
  return { path, release: () => lock.release() };
}

const TEMPORARY = 'busbar-kafka-';

/** Removed, too, when the process ends without a stop; after a kill, by the next one that is made. */
async function temporaryDirectory(): Promise<DataDirectory> {
  await removeAbandoned();
  const path = await mkdtemp(join(tmpdir(), TEMPORARY));
  const lock = await DataDirLock.acquire(path);
  const removeAtExit = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  process.once('exit', removeAtExit);
  return {
    path,
    release: async () => {
      process.off('exit', removeAtExit);
      await rm(path, REMOVAL);
      await lock.release();
    },
  };
}

async function removeAbandoned(): Promise<void> {
  const names = await readdir(tmpdir());
  await Promise.all(names.filter((name) => name.startsWith(TEMPORARY)).map((name) => removeIfAbandoned(join(tmpdir(), name))));
}

async function removeIfAbandoned(path: string): Promise<void> {
  try {
    if (!(await DataDirLock.wasTaken(path))) return; // its maker is about to
    const lock = await DataDirLock.acquire(path);
    await rm(path, REMOVAL);
    await lock.release();
  } catch {
    // In use, of another user, or removed by another one meanwhile: nothing to clean up here.
  }
}
