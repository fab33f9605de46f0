import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const folder = (path) => readdirSync(fileURLToPath(new URL(`../../${path}`, import.meta.url))).map((name) => `${path}/${name}`);

const files = new Map([...folder('test/integration'), ...folder('src/testing')].map((path) => [basename(path), path]));
const page = read('docs/decisions/0005-kafkajs-behind-the-port.md');
const table = /<!-- defects: [^>]*-->([^]*)<!-- \/defects -->/.exec(page)?.[1] ?? '';
const rows = [...table.matchAll(/^\| (\d+) \| .* \| (.*) \|$/gm)].map(([, number, tests]) => ({ number: Number(number), tests }));

it('each of the thirteen defects of kafkajs has a test of the driver, which is there', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 13 }, (_, i) => i + 1));
  for (const { number, tests } of rows) {
    const named = tests.split('; ').map((part) => [...part.matchAll(/`([^`]+)`/g)].map(([, text]) => text));
    for (const [file, ...titles] of named) {
      expect(files.get(file), `${number}: ${file}`).toBeDefined();
      expect(titles.length, `${number}: ${file} with the names of its tests`).toBeGreaterThan(0);
      const source = read(files.get(file));
      for (const title of titles) expect(source.includes(title), `${number}: ${file} has '${title}'`).toBe(true);
    }
  }
});
