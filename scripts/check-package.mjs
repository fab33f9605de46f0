// Packs the package as it would be published and looks at it as its users will: publint reads the manifest, attw the
// types under every way of resolving an ESM package, and Node imports every subpath beside nothing but what the
// manifest asks for.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const EMBEDDED_BROKER = 'dist/src/kafka/embedded/broker.wasm.br';
const directory = mkdtempSync(join(tmpdir(), 'busbar-package-'));

function run(command, args, cwd = root) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status === 0) return stdout;
  console.error(error ?? `${stdout}${stderr}`);
  throw new Error(`${command} ${args.join(' ')} failed`);
}

try {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory]));
  const tarball = join(directory, packed.filename);
  const files = new Set(packed.files.map(({ path }) => path));

  const { exports, bin = {}, dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const promised = [...Object.values(exports), ...Object.values(bin), EMBEDDED_BROKER].map((path) => path.replace(/^\.\//, ''));
  const missing = promised.filter((path) => !files.has(path));
  if (missing.length > 0) throw new Error(`these files are promised and not packed: ${missing.join(', ')}`);

  run('node_modules/.bin/publint', ['run', tarball, '--strict']);
  run('node_modules/.bin/attw', [tarball, '--profile', 'esm-only', '--exclude-entrypoints', 'package.json']);

  const modules = join(directory, 'node_modules');
  mkdirSync(join(modules, 'busbar'), { recursive: true });
  run('tar', ['-xzf', tarball, '-C', join(modules, 'busbar'), '--strip-components=1']);
  for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  const specifiers = Object.keys(exports)
    .filter((subpath) => !subpath.endsWith('.json'))
    .map((subpath) => `busbar${subpath.slice(1)}`);
  const program = specifiers.map((specifier) => `await import('${specifier}');`).join(' ');
  run(process.execPath, ['--input-type=module', '--eval', program], directory);

  console.log(`${packed.files.length} files, ${Math.round(packed.unpackedSize / 1024)} KiB unpacked`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
