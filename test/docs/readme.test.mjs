import { readdirSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const readme = readFileSync(new URL('README.md', root), 'utf8');

test.each(['docs/guide', 'examples'])('the README leads to everything in %s', (folder) => {
  const there = readdirSync(new URL(folder, root)).map((name) => `${folder}/${name}`);
  const named = (path) => readme.includes(`](${path})`) || readme.includes(`](${path}#`) || readme.includes(`<!-- from: ${path}`);
  expect(there.filter((path) => !named(path))).toEqual([]);
});
