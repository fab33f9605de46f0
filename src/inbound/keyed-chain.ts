import { Latest } from './latest.js';
import { Abandoned } from './scope.js';

/**
 * Runs tasks of one key one after the other, in the order of the calls; tasks of different keys run side by side. When
 * one has failed, nothing of its key runs any more: it comes again, and what is behind it must not come before it.
 */
export class KeyedChain {
  readonly #latest = new Latest();
  /** The latest tasks of keys of which one has failed. */
  readonly #broken = new Map<string, Promise<void>>();

  /** Starts `task` when all earlier ones of the key have ended well, and resolves and rejects as it does; rejects with `Abandoned` when one of them failed. */
  run(key: string | undefined, task: () => Promise<void>): Promise<void> {
    if (key === undefined) return task();
    const before = this.#latest.get(key) ?? this.#broken.get(key);
    const mine = before === undefined ? task() : before.then(task, abandon);
    this.#latest.set(key, mine);
    mine.catch(() => this.#broken.set(key, mine));
    return mine;
  }
}

function abandon(): never {
  throw new Abandoned();
}
