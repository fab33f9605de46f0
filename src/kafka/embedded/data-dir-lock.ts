import { constants, open, readdir, link, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { BusbarError } from '../../errors.js';

/**
 * Keeps a data directory for one owner at a time, across processes, without leaving a lock behind when the owner is
 * killed.
 *
 * The owner listens on a Unix socket in the directory: the kernel ends that with the process, whatever ends the process.
 * The name is `lock.<number>`, and a number is taken once: whoever finds the highest one dead claims the next, by a hard
 * link, which is made whole or refuses. A socket listens before it gets its name, so a dead one never was a starting
 * one. Only the owner of a higher number removes a lower one, so whoever gets a lower number than the highest sees the
 * higher one and starts over. That makes two starters safe that find the same dead lock.
 */
export class DataDirLock {
  /** `DATA_DIR_IN_USE` when a live process, this one included, has the directory. */
  static async acquire(directory: string): Promise<DataDirLock> {
    const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      // Addresses of Unix sockets are limited to some hundred bytes; a path to the directory may be longer.
      const address = (name: string): string =>
        process.platform === 'linux' ? `/proc/self/fd/${handle.fd}/${name}` : join(directory, name);
      const unnamed = `claim.${randomUUID().slice(0, 8)}`;
      const server = await listen(address(unnamed));
      try {
        for (;;) {
          const last = Math.max(0, ...(await numbers(directory)));
          if (last > 0 && (await isAlive(address(lockName(last))))) {
            throw new BusbarError(
              'DATA_DIR_IN_USE',
              `another embedded Kafka broker, in this process or another, uses ${directory}: stop that one, or name another directory`,
            );
          }
          if (await claim(directory, unnamed, last + 1)) return new DataDirLock(server);
        }
      } catch (error) {
        server.close();
        throw error;
      } finally {
        await rm(join(directory, unnamed), { force: true });
      }
    } finally {
      await handle.close();
    }
  }

  /** Whether anybody, alive or dead, ever had the directory. */
  static async wasTaken(directory: string): Promise<boolean> {
    return (await numbers(directory)).length > 0;
  }

  private constructor(private readonly server: Server) {}

  /** The next one may have the directory. The name stays: the highest number is never removed. */
  release(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

const lockName = (number: number): string => `lock.${number}`;

async function numbers(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names.flatMap((name) => /^lock\.(\d+)$/.exec(name)?.[1] ?? []).map(Number);
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((probe) => probe.destroy());
    server.unref(); // the lock keeps no process running
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}

/** Whether somebody listens. The kernel answers, so a busy owner is as alive as an idle one. */
function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
  });
}

/** Gives the listening socket the name of this number, unless somebody has that or a higher one; exported for its test. */
export async function claim(directory: string, unnamed: string, number: number): Promise<boolean> {
  const mine = join(directory, lockName(number));
  try {
    await link(join(directory, unnamed), mine);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  const all = await numbers(directory);
  if (Math.max(...all) > number) {
    await rm(mine, { force: true });
    return false;
  }
  await Promise.all(all.filter((other) => other < number).map((other) => rm(join(directory, lockName(other)), { force: true })));
  return true;
}
