// npm run bench: Busbar beside what it is built on, on the same broker, turn by turn.
//
//   npm run bench -- [out] [in] [latency] [memory] [bus] [--rounds N] [--events N] [--seconds N] [--kafka] [--json] [--profile]
//
// A round of 20,000 events is over in a third of a second, in which the compiler of Node is still at work: hence three times as many.
// --kafka plays everything once more beside an Apache Kafka that scripts/kafka.sh starts and deletes (Java 17 and Maven).
// --profile writes CPU profiles of the measured rounds to .cache/bench, and says to whom the time went; it slows
// everything down, so its figures say where time goes and not how much there is of it.
import 'reflect-metadata';

import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { type Broker, findBroker, startKafka } from './broker.js';
import { type BenchData, type BrokerData, dataOf, type ScenarioData } from './data.js';
import { play } from './play.js';
import { surroundings, tablesOf } from './report.js';
import { SCENARIOS } from './scenarios.js';

const USAGE = `npm run bench -- [${Object.keys(SCENARIOS).join('] [')}] [--rounds N] [--events N] [--seconds N] [--kafka] [--json] [--profile]`;

const { values, positionals } = asked();
const [rounds, events, seconds] = [Number(values.rounds), Number(values.events), Number(values.seconds)];
const wanted = positionals.length > 0 ? positionals : Object.keys(SCENARIOS);
const unknown = wanted.filter((name) => !Object.hasOwn(SCENARIOS, name));
if (values.help) {
  console.log(USAGE);
  process.exit();
}
if (unknown.length > 0) refuse(`there is no scenario ${unknown.join(', ')}`);
if (!(rounds >= 1) || !(events >= 1) || !(seconds > 0)) refuse('--rounds and --events are numbers from 1 on, --seconds is more than 0');
const profiles = values.profile ? fileURLToPath(new URL('../../.cache/bench', import.meta.url)) : undefined;
const say = (text: string): void => void (values.json || console.log(text));

async function beside(broker: Broker, scenarios: readonly string[]): Promise<BrokerData> {
  say(`\n## ${broker.name}`);
  const results: ScenarioData[] = [];
  try {
    for (const scenario of scenarios) {
      const prefix = `bench-${randomUUID().slice(0, 8)}`;
      const data = dataOf(await play(scenario, rounds, { bootstrap: broker.bootstrap, prefix, events, seconds }, profiles));
      results.push(data);
      say(`\n${tablesOf(data)}`);
    }
  } finally {
    await broker.stop();
  }
  return { broker: broker.name, results };
}

const around = { ...surroundings(), rounds, events, seconds };
say(
  Object.entries(around)
    .map(([name, value]) => `${name} ${value}`)
    .join(', '),
);
const brokers = [await beside(await findBroker(), wanted)];
const withBroker = wanted.filter((name) => SCENARIOS[name]!.withoutBroker !== true);
if (values.kafka && withBroker.length > 0) brokers.push(await beside(await startKafka(), withBroker));
const data: BenchData = { ...around, brokers };
if (values.json) console.log(JSON.stringify(data, null, 2));
if (profiles !== undefined) console.error(`\nprofiles: ${profiles}`);

function asked() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '5' },
        events: { type: 'string', default: '60000' },
        seconds: { type: 'string', default: '60' },
        kafka: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        profile: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function refuse(why: string): never {
  console.error(`${why}\n${USAGE}`);
  process.exit(2);
}
