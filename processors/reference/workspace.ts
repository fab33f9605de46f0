import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where one run keeps its files. */
export interface Workspace {
  /** The log of the embedded broker. */
  readonly kafka: string;
  /** The file of the store. */
  readonly store: string;
  /** Removes what was temporary. */
  release(): Promise<void>;
}

export async function openWorkspace(dataDir: string | undefined): Promise<Workspace> {
  const dir = dataDir === undefined ? await mkdtemp(join(tmpdir(), 'busbar-reference-')) : resolve(dataDir);
  await mkdir(dir, { recursive: true });
  return {
    kafka: join(dir, 'kafka'),
    store: join(dir, 'busbar.db'),
    release: async () => {
      if (dataDir === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}
