// npm run bench:docs -- FILE: writes what `npm run bench -- --json > FILE` measured into docs/performance.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { BenchData } from './data.js';
import { withMeasured } from './measured.js';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('npm run bench:docs -- FILE, which `npm run --silent bench -- --kafka --json > FILE` has written');
  process.exit(2);
}
const page = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
writeFileSync(page, withMeasured(readFileSync(page, 'utf8'), JSON.parse(readFileSync(file, 'utf8')) as BenchData));
