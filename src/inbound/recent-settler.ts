import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { StagedRecord } from '../store/store.js';
import { Latest } from './latest.js';
import type { Handled } from './line-options.js';
import type { RecentIds } from './recent-ids.js';
import { Abandoned, type Scope } from './scope.js';
import { keyOf, nameOf, stagedBy, type Conclusion, type Hear, type Identity, type SendStaged, type Settler } from './settler.js';

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
  /** Handled, but what they staged is still on its way. */
  readonly #sending = new Latest();

  constructor(options: RecentSettlerOptions) {
    this.#options = options;
  }

  /** A copy waits until it is known whether what the first one staged was sent: its partition may be taken away before. */
  isSettled(identity: Identity): MaybePromise<boolean> {
    const sending = this.#sending.size === 0 ? undefined : this.#sending.get(nameOf(identity));
    if (sending === undefined) return this.#options.recent.has(identity.source, identity.id);
    const again = (): MaybePromise<boolean> => this.isSettled(identity);
    return sending.then(again, again);
  }

  repeat(): Handled {
    return DUPLICATE;
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
    const { outcome, record, call, identity } = conclusion;
    const safe = scope.chain.run(keyOf(record), async () => {
      for (const one of records) await this.#options.send(one, scope);
      if (outcome === 'handled') this.#remember(conclusion);
      for (const one of call?.staged ?? []) this.#options.hear(one);
    });
    if (outcome === 'handled') this.#sending.set(nameOf(identity), safe);
    return { outcome, safe };
  }

  #remember({ identity }: Conclusion): void {
    this.#options.recent.add(identity.source, identity.id);
  }
}
