import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const folder = (path) => readdirSync(fileURLToPath(new URL(`../../${path}`, import.meta.url))).map((name) => `${path}/${name}`);

const files = new Map(['test/integration', 'test/chaos-long', 'src/testing'].flatMap(folder).map((path) => [basename(path), path]));

/** The first and the last cell of every row of a table between comments of that name. */
function rowsOf(page, name) {
  const table = new RegExp(`<!-- ${name}: [^>]*-->([^]*)<!-- /${name} -->`).exec(read(page))?.[1] ?? '';
  return [...table.matchAll(/^\| ([^|]+) \| .* \| ([^|]*`[^|]*) \|$/gm)].map(([, first, last]) => ({ first, last }));
}

/** Every row names tests, as `file.test.ts`: `its title`, `another`; `other.test.ts`: …, and they are there. */
function expectShown({ first, last }) {
  for (const part of last.split('; ')) {
    const [file, ...titles] = [...part.matchAll(/`([^`]+)`/g)].map(([, text]) => text);
    expect(files.get(file), `${first}: ${file}`).toBeDefined();
    expect(titles.length, `${first}: ${file} with the names of its tests`).toBeGreaterThan(0);
    const source = read(files.get(file));
    for (const title of titles) expect(source.includes(title), `${first}: ${file} has '${title}'`).toBe(true);
  }
}

it('each of the fourteen defects of kafkajs has a test of the driver, which is there', () => {
  const rows = rowsOf('docs/decisions/0005-kafkajs-behind-the-port.md', 'defects');
  expect(rows.map(({ first }) => Number(first))).toEqual(Array.from({ length: 14 }, (_, i) => i + 1));
  rows.forEach(expectShown);
});

it('each case of what happens in operation has a test, which is there', () => {
  const rows = rowsOf('docs/operations.md', 'cases');
  expect(rows.length).toBeGreaterThan(10);
  rows.forEach(expectShown);
});
