/** How a delivery to a processor ended. */
export const OUTCOMES = ['handled', 'duplicate', 'ignored', 'skipped', 'deadLettered', 'parked'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/**
 * The deliveries of one processor in this process. At any moment `delivered` equals the sum of the outcomes, of
 * `inFlight` and of `abandoned`: deliveries ended by a revoke, a shutdown, `fail` or a failed group commit.
 */
export type OutcomeCounts = { readonly [K in Outcome | 'delivered' | 'inFlight' | 'abandoned']: number };

/** Counts deliveries. Each figure is counted where it happens; none is computed from the others. */
export class OutcomeCounter {
  readonly #counts = {
    delivered: 0,
    handled: 0,
    duplicate: 0,
    ignored: 0,
    skipped: 0,
    deadLettered: 0,
    parked: 0,
    inFlight: 0,
    abandoned: 0,
  };

  begun(): void {
    this.#counts.delivered++;
    this.#counts.inFlight++;
  }

  ended(outcome: Outcome | 'abandoned'): void {
    this.#counts.inFlight--;
    this.#counts[outcome]++;
  }

  counts(): OutcomeCounts {
    return { ...this.#counts };
  }
}
