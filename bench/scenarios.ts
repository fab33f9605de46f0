import type { NewContender } from './contender.js';
import { inBusbar, inBusbarStore, inBusbarTransaction } from './in-busbar.js';
import { inKafkajs, inKafkajsNoCommits } from './in-kafkajs.js';
import { busBusbar, busEmitter } from './in-process.js';
import { outBusbar } from './out-busbar.js';
import { outKafkajsBatches, outKafkajsSingles } from './out-kafkajs.js';

/** Contenders by their names. Every one of Busbar is compared with every one of `against`. */
export interface Scenario {
  readonly title: string;
  readonly busbar: Readonly<Record<string, NewContender>>;
  readonly against: Readonly<Record<string, NewContender>>;
  /** Whether its topic is filled before the first round. */
  readonly reads: boolean;
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  out: {
    title: 'publishing to Kafka',
    busbar: { 'bus.publish, 1,000 in flight': outBusbar },
    against: { 'kafkajs, batches of 100': outKafkajsBatches, 'kafkajs, single sends, 100 in flight': outKafkajsSingles },
    reads: false,
  },
  in: {
    title: 'handling from Kafka',
    busbar: {
      'processor, no store': inBusbar,
      'processor, SQLite store': inBusbarStore,
      'processor, SQLite store, ctx.transaction': inBusbarTransaction,
    },
    against: { 'kafkajs eachBatch': inKafkajs, 'kafkajs eachBatch, no commits': inKafkajsNoCommits },
    reads: true,
  },
  bus: {
    title: 'in the process, three listeners',
    busbar: { 'bus.publish': busBusbar },
    against: { 'validateSync and EventEmitter': busEmitter },
    reads: false,
  },
};
