import type { SimulatedClaim } from './claim.js';
import type { SimulatedClock } from './clock.js';
import type { Conditions } from './conditions.js';

/** Commits what was settled, coalesced. */
export class Commits {
  readonly #clock: SimulatedClock;
  readonly #conditions: Conditions;
  readonly #intervalMs: number;
  readonly #commit: (claim: SimulatedClaim, offset: number) => void;
  readonly #dirty = new Set<SimulatedClaim>();
  #cancel: (() => void) | undefined;

  constructor(clock: SimulatedClock, conditions: Conditions, intervalMs: number, commit: (claim: SimulatedClaim, offset: number) => void) {
    this.#clock = clock;
    this.#conditions = conditions;
    this.#intervalMs = intervalMs;
    this.#commit = commit;
  }

  settled(claim: SimulatedClaim): void {
    this.#dirty.add(claim);
    this.#cancel ??= this.#clock.after(this.#intervalMs + this.#conditions.latency(), () => this.#now());
  }

  /** Resolves when nothing is left to commit: also of what was settled meanwhile. */
  async flush(): Promise<void> {
    while (this.#dirty.size > 0) {
      await this.#conditions.travel();
      this.#now();
    }
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#dirty.clear();
  }

  #now(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const claim of this.#dirty) {
      this.#dirty.delete(claim);
      if (claim.next === undefined || claim.next === claim.committed) continue;
      this.#commit(claim, claim.next);
      claim.committed = claim.next;
    }
  }
}
