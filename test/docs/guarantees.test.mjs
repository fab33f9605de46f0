import { existsSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

const page = readFileSync(new URL('../../docs/guarantees.md', import.meta.url), 'utf8');
const sections = page
  .split(/^## /m)
  .slice(1)
  .filter((section) => /^\d/.test(section));
const named = (text) => [...text.matchAll(/`(test\/[^`]+\.ts)`/g)].map(([, path]) => path);

test('every test that the guarantees name is there', () => {
  expect(named(page).filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)))).toEqual([]);
});

test.each(sections.map((section) => [section.split('\n', 1)[0], section]))(
  'guarantee %s names its tests and its limits',
  (_title, section) => {
    expect(named(section)).not.toEqual([]);
    expect(section).toContain('Limits:\n- ');
  },
);
