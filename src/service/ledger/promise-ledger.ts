import { eventPromises } from './event-promises.js';
import type { LedgerFacts } from './ledger-facts.js';
import { listenerPromises } from './listener-promises.js';
import { processorPromises } from './processor-promises.js';
import type { PromiseRow } from './promise-row.js';
import { ledgerTable } from './table.js';

/**
 * Which promises hold for a running service, for each event and processor, for listeners and the bridge: computed from
 * its configuration and from what its topics and its store are like.
 */
export class PromiseLedger {
  /** Plain data. */
  readonly rows: readonly PromiseRow[];

  constructor(facts: LedgerFacts) {
    const { contracts, processors } = facts;
    // Versions of an event share their name, and with it all that is promised.
    const events = contracts.filter(({ name }, index) => contracts.findIndex((other) => other.name === name) === index);
    this.rows = [
      ...events.flatMap((contract) => eventPromises(contract, facts)),
      ...processors.flatMap((processor) => processorPromises(processor, facts)),
      ...listenerPromises(facts),
    ];
  }

  /** A table of at most 120 columns; subjects with the same promises stand together. */
  toString(): string {
    return ledgerTable(this.rows);
  }
}
