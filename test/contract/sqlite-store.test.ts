import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sqliteStore, type SqliteHandle } from 'busbar/store';
import Libsql from 'libsql';
import { afterEach, describe, test } from 'vitest';

import type { Store } from '../../src/store/store.js';
import { STORE_CONFORMANCE } from '../../src/testing/store-conformance.js';

type Open = (file: string) => SqliteHandle;

/** node:sqlite came with Node 22.5, without a flag with 22.13. */
function nodeSqlite(): Open | undefined {
  try {
    const { DatabaseSync } = createRequire(import.meta.url)('node:sqlite') as { DatabaseSync: new (file: string) => SqliteHandle };
    return (file) => new DatabaseSync(file);
  } catch {
    return undefined;
  }
}

const libraries: [string, Open | undefined][] = [
  ['libsql', (file) => new Libsql(file)],
  ['node:sqlite', nodeSqlite()],
];

for (const [library, open] of libraries) {
  describe.skipIf(open === undefined)(`the SQLite store on ${library}${open === undefined ? ' (not in this version of Node)' : ''}`, () => {
    const stores: Store[] = [];
    const directories: string[] = [];

    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
      for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
    });

    for (const { name, run } of STORE_CONFORMANCE) {
      test(name, async () => {
        const directory = mkdtempSync(join(tmpdir(), 'busbar-store-'));
        directories.push(directory);
        await run({
          synchronous: true,
          async open() {
            const store = sqliteStore({ open: () => (open as Open)(join(directory, 'store.db')) });
            stores.push(store);
            await store.open();
            return store;
          },
        });
      });
    }
  });
}
