import { Random as Repeatable } from '../../src/kafka/simulated/random.js';

/** Chance that repeats itself, also in how long something takes. */
export class Random extends Repeatable {
  /** Up to so many turns of the event loop. */
  async turns(limit: number): Promise<void> {
    for (let turn = this.below(limit + 1); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
  }
}
