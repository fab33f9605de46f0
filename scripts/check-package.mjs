// Packs the package as it would be published and looks at it as its users' tools will: publint for the manifest,
// attw for types under every way of resolving an ESM package.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'busbar-package-'));

function run(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status === 0) return stdout;
  console.error(error ?? `${stdout}${stderr}`);
  throw new Error(`${command} ${args.join(' ')} failed`);
}

try {
  const [packed] = JSON.parse(run('npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', directory));
  const tarball = join(directory, packed.filename);
  const files = new Set(packed.files.map(({ path }) => path));

  const { exports, bin = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const promised = [
    ...Object.values(exports).flatMap((target) => (typeof target === 'string' ? target : Object.values(target))),
    ...Object.values(bin),
  ];
  const missing = promised.map((path) => path.replace(/^\.\//, '')).filter((path) => !files.has(path));
  if (missing.length > 0) throw new Error(`package.json promises files that are not packed: ${missing.join(', ')}`);

  run('node_modules/.bin/publint', 'run', tarball, '--strict');
  run('node_modules/.bin/attw', tarball, '--profile', 'esm-only', '--exclude-entrypoints', 'package.json');
  console.log(`${packed.files.length} files, ${Math.round(packed.unpackedSize / 1024)} KiB unpacked`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
