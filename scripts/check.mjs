// Everything that must hold before a commit. One line per step; the output of a step is shown only when it fails.
//
//   npm run check              all steps
//   npm run check lint build   only these
//   npm run check -- --except tests

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** In order: what is quick and fails most often comes first; the later steps read what `build` compiles. */
const steps = {
  format: ['oxfmt', '--check'],
  lint: ['oxlint'],
  architecture: ['node', 'scripts/architecture.mjs'],
  build: ['npm', 'run', 'build'],
  docs: ['node', 'scripts/docs.mjs', '--check'],
  api: ['node', 'scripts/api-report.mjs', '--check'],
  unused: ['knip'],
  package: ['node', 'scripts/check-package.mjs'],
  tests: ['vitest', 'run', '--project', 'unit', '--project', 'property', '--project', 'contract'],
};

function run([command, ...args]) {
  const env = { ...process.env, PATH: `${root}node_modules/.bin:${process.env.PATH}` };
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', (error) => resolve({ passed: false, output: String(error) }));
    child.on('close', (code) => resolve({ passed: code === 0, output: Buffer.concat(output).toString() }));
  });
}

const named = process.argv.slice(2).filter((argument) => argument !== '--except');
const except = process.argv[2] === '--except';
const unknown = named.filter((name) => !Object.hasOwn(steps, name));
if (unknown.length > 0) {
  console.error(`No such step: ${unknown.join(', ')}. There are: ${Object.keys(steps).join(', ')}.`);
  process.exit(2);
}
const wanted = Object.keys(steps).filter((name) => named.length === 0 || named.includes(name) !== except);

const began = performance.now();
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`.padStart(7);
let failures = 0;
for (const name of wanted) {
  const start = performance.now();
  const { passed, output } = await run(steps[name]);
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${name.padEnd(13)}${seconds(start)}`);
  if (passed) continue;
  failures += 1;
  console.log(`\n${output.trimEnd()}\n`);
  // Nothing behind a failed compilation says anything of value.
  if (name === 'build') break;
}
console.log(`${failures === 0 ? 'ok  ' : 'FAIL'} ${'all'.padEnd(13)}${seconds(began)}`);
process.exitCode = failures === 0 ? 0 : 1;
