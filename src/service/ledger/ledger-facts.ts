import type { Contract } from '../../event/contract.js';
import type { From } from '../../inbound/start-offset.js';
import type { TopicDescription } from '../../kafka/driver.js';
import type { StoreDurability } from '../../store/store.js';
import type { Broadcast } from '../assembly.js';

/** Where events are kept. */
export type Keeping = 'kafka' | 'memory' | { readonly embedded: string | undefined };

/** What is to be known of a processor. */
export interface ProcessorFacts {
  readonly name: string;
  readonly handles: readonly Contract[];
  readonly concurrency: number;
  readonly from: From;
  readonly publishes: boolean;
}

/** Everything that the promise ledger is computed from. */
export interface LedgerFacts {
  /** `memory`: without Kafka. `embedded`: the broker of the process, and the directory of its log, if it is kept. */
  readonly keeping: Keeping;
  readonly acks: 'all' | '1' | '0';
  readonly contracts: readonly Contract[];
  readonly processors: readonly ProcessorFacts[];
  /** As read from the broker at the start, by the names of the application. */
  readonly topics: ReadonlyMap<string, TopicDescription>;
  /** Topics whose records may come from producers that send no ids. */
  readonly mapped: ReadonlySet<string>;
  readonly store: StoreDurability | undefined;
  readonly broadcast: Broadcast | undefined;
  /** Where the group of the bridge begins. */
  readonly from: From;
}
