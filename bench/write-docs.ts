// npm run bench:docs -- FILE…: writes what `npm run bench -- --json > FILE` measured into docs/performance.md; of several files, such
// as of several versions of Kafka, the first says when and where, and of each broker the first result is taken.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { BenchData } from './data.js';
import { withMeasured } from './measured.js';

const [first, ...more] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')) as BenchData);
if (first === undefined) {
  console.error('npm run bench:docs -- FILE…, which `npm run --silent bench -- --kafka --json > FILE` has written');
  process.exit(2);
}
const page = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const all = [first, ...more].flatMap(({ brokers }) => brokers);
const brokers = all.filter(({ broker }, i) => all.findIndex((other) => other.broker === broker) === i);
writeFileSync(page, withMeasured(readFileSync(page, 'utf8'), { ...first, brokers }));
