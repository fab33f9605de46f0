import type { Claim } from '../kafka/driver.js';
import type { InRecord } from '../kafka/record.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { CountedDelivery, OutcomeTally } from './outcome-tally.js';
import type { Outcome } from './outcomes.js';
import type { Scope } from './scope.js';

/** A record whose handling is decided: the next of its key may begin. */
export interface Handled {
  readonly outcome: Outcome;
  /** Resolves when the outcome is durable and everything it sends is safe; undefined when it is already. */
  readonly safe: Promise<void> | undefined;
}

export interface LineOptions {
  readonly claim: Claim;
  /** Records handled at the same time, each of another key. With 1, strictly in log order. */
  readonly concurrency: number;
  /** The partition rests while this many records are not settled. */
  readonly maxInFlight: number;
  readonly tally: OutcomeTally;
  /**
   * Handles one record, and says at once of which event it is. Rejects with `Abandoned`, `BeginAgain`, or an error that
   * ends the line (`onFailed`).
   */
  handle(record: InRecord, scope: Scope, delivery: CountedDelivery): MaybePromise<Handled>;
  /** The line has ended because of this error; its record and those behind it are not settled. */
  onFailed(error: unknown): void;
  /** The store failed: told each time before the line begins again. `delayMs` is undefined when that waits for `resume`. */
  onBeginAgain(error: unknown, delayMs: number | undefined): void;
}
