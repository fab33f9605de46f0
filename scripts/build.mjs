// Compiles, then removes what earlier compilations left of sources that are gone: neither a deleted test nor a deleted
// file of the package may live on in dist/.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

const compiled = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', root], { stdio: 'inherit' });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

for (const entry of readdirSync(dist, { recursive: true })) {
  if (!entry.endsWith('.js.map')) continue;
  const stem = join(dist, entry.slice(0, -'.js.map'.length));
  if (existsSync(`${join(root, relative(dist, stem))}.ts`)) continue;
  for (const suffix of ['.js', '.js.map', '.d.ts', '.d.ts.map']) rmSync(stem + suffix, { force: true });
}
