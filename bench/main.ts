// npm run bench: Busbar beside what it is built on, on the same broker, turn by turn.
//
//   npm run bench -- [out] [in] [bus] [--rounds N] [--events N] [--json] [--profile]
//
// --profile writes CPU profiles of the measured rounds to .cache/bench; it slows everything down, so its figures say
// where time goes and not how much there is of it.
import 'reflect-metadata';

import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { findBroker } from './broker.js';
import { play } from './play.js';
import { dataOf, surroundings, tableOf } from './report.js';
import type { Result } from './result.js';
import { SCENARIOS } from './scenarios.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    events: { type: 'string', default: '20000' },
    json: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});
const [rounds, events] = [Number(values.rounds), Number(values.events)];
const wanted = positionals.length > 0 ? positionals : Object.keys(SCENARIOS);
const unknown = wanted.filter((name) => !Object.hasOwn(SCENARIOS, name));
if (unknown.length > 0 || !(rounds >= 1) || !(events >= 1)) {
  console.error(`npm run bench -- [${Object.keys(SCENARIOS).join('] [')}] [--rounds N] [--events N] [--json] [--profile]`);
  process.exit(2);
}

const broker = await findBroker();
const profiles = values.profile ? fileURLToPath(new URL('../../.cache/bench', import.meta.url)) : undefined;
const around = { ...surroundings(broker.name), rounds, events };
if (!values.json)
  console.log(
    Object.entries(around)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  );

const results: Result[] = [];
for (const scenario of wanted) {
  const prefix = `bench-${randomUUID().slice(0, 8)}`;
  const result = await play(scenario, rounds, { bootstrap: broker.bootstrap, prefix, events }, profiles);
  results.push(result);
  if (!values.json) console.log(`\n${tableOf(result)}`);
}
if (values.json) console.log(JSON.stringify({ ...around, results: results.map(dataOf) }, null, 2));
if (profiles !== undefined) console.error(`\nprofiles: ${profiles}`);
await broker.stop();
