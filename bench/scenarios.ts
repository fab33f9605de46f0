import type { NewContender } from './contender.js';
import { inBusbar, inBusbarStore, inBusbarTransaction } from './in-busbar.js';
import { inKafkajs, inKafkajsBare, inKafkajsNoCommits } from './in-kafkajs.js';
import { busBusbar, busEmitter } from './in-process.js';
import { latencyBusbar } from './latency-busbar.js';
import { latencyKafkajs } from './latency-kafkajs.js';
import { memoryBusbar } from './memory.js';
import { outBusbar } from './out-busbar.js';
import { outKafkajsBare, outKafkajsBatches, outKafkajsSingles } from './out-kafkajs.js';
import { atMost, atMostTimes, rate, ratio, type Target } from './target.js';

/** Contenders by their names. Every one of Busbar is compared with every one of `against`. */
export interface Scenario {
  readonly title: string;
  readonly busbar: Readonly<Record<string, NewContender>>;
  readonly against: Readonly<Record<string, NewContender>>;
  /** What it measures instead of events per second: names, as measurements have them, and titles. */
  readonly figures?: Readonly<Record<string, string>> | undefined;
  readonly targets: readonly Target[];
  /** Whether its topics are filled before the first round. */
  readonly reads?: boolean | undefined;
  /** Whether one round says it all, without another to warm up. */
  readonly once?: boolean | undefined;
  /** Whether it is the same whatever the broker: then it is played once. */
  readonly withoutBroker?: boolean | undefined;
}

const PUBLISH = 'bus.publish, 1,000 in flight';
const BATCHES = 'kafkajs, batches of 100';
const SINGLES = 'kafkajs, single sends, 100 in flight';
const NO_STORE = 'processor, no store';
const STORE = 'processor, SQLite store';
const TRANSACTION = 'processor, SQLite store, ctx.transaction';
const EACH_BATCH = 'kafkajs eachBatch';
const NO_COMMITS = 'kafkajs eachBatch, no commits';
const TO_HANDLER = 'bus.publish to processor';
const TO_EACH_MESSAGE = 'kafkajs send to eachMessage';
const SLOW = 'processor, 100 x too slow';

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  out: {
    title: 'publishing to Kafka',
    busbar: { [PUBLISH]: outBusbar },
    against: { [BATCHES]: outKafkajsBatches, [SINGLES]: outKafkajsSingles, 'bare kafkajs, batches of 100': outKafkajsBare },
    targets: [ratio(PUBLISH, BATCHES, 0.9), ratio(PUBLISH, SINGLES, 3.5)],
  },
  in: {
    title: 'handling from Kafka',
    busbar: { [NO_STORE]: inBusbar, [STORE]: inBusbarStore, [TRANSACTION]: inBusbarTransaction },
    against: { [EACH_BATCH]: inKafkajs, [NO_COMMITS]: inKafkajsNoCommits, 'bare kafkajs eachBatch': inKafkajsBare },
    targets: [ratio(NO_STORE, EACH_BATCH, 1.2), ratio(NO_STORE, NO_COMMITS, 0.7), rate(STORE, 10_000), rate(TRANSACTION, 10_000)],
    reads: true,
  },
  latency: {
    title: 'from publish to handler, 200 events/s',
    busbar: { [TO_HANDLER]: latencyBusbar },
    against: { [TO_EACH_MESSAGE]: latencyKafkajs },
    figures: { p50: 'p50, ms', p99: 'p99, ms' },
    targets: [atMost(TO_HANDLER, 'p50', 1.5), atMost(TO_HANDLER, 'p99', 10), atMostTimes(TO_HANDLER, TO_EACH_MESSAGE, 'p50', 0.3)],
  },
  memory: {
    title: 'heap while the topic grows by 2,000 events/s',
    busbar: { [SLOW]: memoryBusbar },
    against: {},
    figures: { early: 'MiB after a third', late: 'MiB at the end', growth: 'x' },
    targets: [atMost(SLOW, 'growth', 1.1)],
    once: true,
  },
  bus: {
    title: 'in the process, three listeners',
    busbar: { 'bus.publish': busBusbar },
    against: { 'validateSync and EventEmitter': busEmitter },
    targets: [rate('bus.publish', 700_000)],
    withoutBroker: true,
  },
};
