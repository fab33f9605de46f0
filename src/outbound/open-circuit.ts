import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleAll } from 'cockatiel';

import type { Entry } from './entry.js';

/** How long (ms) everything is refused before one event may try. Short: a trial that fails costs its caller alone. */
const PAUSE_MS = 1_000;

/**
 * A circuit from its opening to its closing. It refuses, and when it has done so for a second it lets one event through:
 * while that is on its way everything else is refused, and when it fails the next one may try a second later.
 */
export class OpenCircuit {
  /** In ms since 1970. */
  readonly since = Date.now();
  readonly #breaker = circuitBreaker(handleAll, { breaker: new ConsecutiveBreaker(1), halfOpenAfter: PAUSE_MS });
  #pausedAt = this.since;
  #trial: { readonly entry: Entry; readonly failed: () => void } | undefined;

  constructor() {
    this.#breaker.onBreak(() => {
      this.#pausedAt = Date.now();
      this.#trial = undefined;
    });
    this.#run(() => Promise.reject(new Error('nothing is acknowledged')));
  }

  /** Whether one event may try now. */
  get isHalfOpen(): boolean {
    return this.#trial === undefined && Date.now() - this.#pausedAt >= PAUSE_MS;
  }

  /** Whether the entry is the one that tries. */
  admits(entry: Entry): boolean {
    // The breaker would let others wait for the one that tries; they are refused at once.
    if (this.#breaker.state !== CircuitState.Open) return false;
    let admitted = false;
    this.#run(() => {
      admitted = true;
      return new Promise((_, reject) => (this.#trial = { entry, failed: () => reject(new Error('it was not acknowledged')) }));
    });
    return admitted;
  }

  /** An entry has failed for good; it matters if it was the one that tried. */
  failed(entry: Entry): void {
    if (this.#trial?.entry === entry) this.#trial.failed();
  }

  /** Begins before it returns, if the breaker lets it. */
  #run(trial: () => Promise<void>): void {
    // Whoever published the event is told why it failed; here it has opened the breaker, and that is all.
    this.#breaker.execute(trial).catch(() => undefined);
  }
}
