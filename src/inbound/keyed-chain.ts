import { Latest } from './latest.js';

/** Runs tasks of one key one after the other, in the order of the calls; tasks of different keys run side by side. */
export class KeyedChain {
  readonly #latest = new Latest();

  /** Starts `task` when all earlier ones of the key have ended, however they ended. Resolves and rejects as it does. */
  run(key: string | undefined, task: () => Promise<void>): Promise<void> {
    if (key === undefined) return task();
    const before = this.#latest.get(key);
    const mine = before === undefined ? task() : before.then(task, task);
    this.#latest.set(key, mine);
    return mine;
  }
}
