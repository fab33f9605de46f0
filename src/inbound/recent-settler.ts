import type { InRecord } from '../kafka/record.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { StagedRecord } from '../store/store.js';
import type { Handled } from './partition-line.js';
import type { RecentIds } from './recent-ids.js';
import { Abandoned, type Scope } from './scope.js';
import { keyOf, stagedBy, type Conclusion, type Hear, type Identity, type SendStaged, type Settler } from './settler.js';

export interface RecentSettlerOptions {
  readonly recent: RecentIds;
  readonly send: SendStaged;
  readonly hear: Hear;
}

const HANDLED: Handled = { outcome: 'handled', safe: undefined };
const DUPLICATE: Handled = { outcome: 'duplicate', safe: undefined };
const SKIPPED: Handled = { outcome: 'skipped', safe: undefined };

/**
 * Settles without a store: handler, send, remember the id, offset. At least once; duplicates are dropped while their
 * ids are remembered in this process. After a crash the handler runs again, and what it publishes has the same ids as
 * long as it publishes the same events in the same order.
 */
export class RecentSettler implements Settler {
  readonly #options: RecentSettlerOptions;
  /** Handled, but what they staged is still on its way: a copy has to wait for it. */
  readonly #sending = new Set<string>();

  constructor(options: RecentSettlerOptions) {
    this.#options = options;
  }

  isSettled({ source, id }: Identity): boolean {
    return this.#options.recent.has(source, id) || this.#sending.has(nameOf({ source, id }));
  }

  repeat(identity: Identity, record: InRecord, scope: Scope): Handled {
    if (!this.#sending.has(nameOf(identity))) return DUPLICATE;
    const safe = scope.chain.run(keyOf(record), async () => {
      if (!this.#options.recent.has(identity.source, identity.id)) throw new Abandoned();
    });
    return { outcome: 'duplicate', safe };
  }

  settle(conclusion: Conclusion, scope: Scope): MaybePromise<Handled> {
    if (scope.over.aborted) throw new Abandoned();
    const staged = stagedBy(conclusion);
    if (isPromise(staged)) return staged.then((records) => this.#sendAll(conclusion, records, scope));
    if (staged.length > 0) return this.#sendAll(conclusion, staged, scope);
    if (conclusion.outcome === 'skipped') return SKIPPED;
    this.#remember(conclusion);
    return HANDLED;
  }

  #sendAll(conclusion: Conclusion, records: readonly StagedRecord[], scope: Scope): Handled {
    const { outcome, record, attempt, identity } = conclusion;
    const name = nameOf(identity);
    if (outcome === 'handled') this.#sending.add(name);
    const safe = scope.chain.run(keyOf(record), async () => {
      try {
        for (const one of records) await this.#options.send(one, scope);
        if (outcome === 'handled') this.#remember(conclusion);
      } finally {
        this.#sending.delete(name);
      }
      for (const one of attempt?.staged ?? []) this.#options.hear(one);
    });
    return { outcome, safe };
  }

  #remember({ identity }: Conclusion): void {
    this.#options.recent.add(identity.source, identity.id);
  }
}

const nameOf = ({ source, id }: Identity): string => `${source}\0${id}`;
