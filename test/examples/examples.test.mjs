import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = join(root, 'examples');
const examples = (existsSync(directory) ? readdirSync(directory) : []).filter((name) => /^\d\d-.*\.ts$/.test(name)).toSorted();

test('examples are numbered from 01 without a gap', () => {
  expect(examples.map((name) => Number(name.slice(0, 2)))).toEqual(examples.map((_name, index) => index + 1));
});

/** A Kafka of one node is the one thing that there may be to say, and not of the examples. */
const ONE_COPY = /^busbar warn CONFIG_WARNING topics have one copy.*\n/gm;

test.each(examples)('%s runs alone, ends by itself and prints something', (name) => {
  const program = join(root, 'dist/examples', name.replace(/\.ts$/, '.js'));
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], { cwd: root, encoding: 'utf8', timeout: 50_000 });
  expect({ status, stderr: stderr.replace(ONE_COPY, '') }).toEqual({ status: 0, stderr: '' });
  expect(stdout).not.toBe('');
});
