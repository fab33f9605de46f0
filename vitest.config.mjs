import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));

// Tests run what ships: the compiled output, under the package's own names.
const { exports } = JSON.parse(readFileSync(file('package.json'), 'utf8'));
const alias = Object.entries(exports)
  .map(([subpath, target]) => [subpath, typeof target === 'string' ? target : target.default])
  .filter(([, target]) => target.endsWith('.js'))
  .map(([subpath, target]) => ({ find: new RegExp(`^busbar${subpath.slice(1)}$`), replacement: file(target) }));

const project = (name, include, timeout) => ({
  extends: true,
  test: { name, include, testTimeout: timeout, hookTimeout: timeout },
});

// For scripts that count tests over several runs: each run leaves its results in this directory.
const results = process.env.BUSBAR_TEST_RESULTS;

export default defineConfig({
  resolve: { alias },
  test: {
    // One process per core for all files, so that files share what is slow to start; hence no global state in tests.
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    reporters: results === undefined ? ['default'] : ['default', ['json', { outputFile: `${results}/${process.pid}.json` }]],
    projects: [
      project('unit', ['dist/test/unit/**/*.test.js', 'test/{architecture,docs}/**/*.test.mjs'], 20_000),
      project('property', ['dist/test/property/**/*.test.js'], 300_000),
      project('contract', ['dist/test/contract/**/*.test.js'], 60_000),
      project('integration', ['dist/test/integration/**/*.test.js', 'test/examples/**/*.test.mjs'], 60_000),
      project('chaos', ['dist/test/chaos/**/*.test.js'], 120_000),
      project('chaos-long', ['dist/test/chaos-long/**/*.test.js'], 600_000),
      project('kafka', ['dist/test/kafka/**/*.test.js'], 120_000),
      project('chaos-kafka', ['dist/test/chaos-kafka/**/*.test.js'], 300_000),
    ],
  },
});
