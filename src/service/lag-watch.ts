import type { PartitionLag } from '../inbound/lag.js';
import { LastError, type ErrorStats } from '../telemetry/last-error.js';

const EVERY_MS = 3_000;

/** How far groups were behind when the broker was asked last. */
export interface LagReading {
  /** By the name of the processor; the bridge's is `bridge`. */
  readonly groups: ReadonlyMap<string, readonly PartitionLag[]>;
  readonly asOf: Date;
}

/** Asks the broker every few seconds how far the groups are behind, one question at a time, and remembers the last answer. */
export class LagWatch {
  readonly #question: () => Promise<LagReading['groups']>;
  readonly #lastError = new LastError();
  #latest: LagReading | undefined;
  #asking: Promise<void> | undefined;
  #failed = false;

  constructor(question: () => Promise<LagReading['groups']>) {
    this.#question = question;
  }

  /** Undefined before the first answer. */
  latest(): LagReading | undefined {
    return this.#latest;
  }

  /** Why the last question has no answer; null when it has one. */
  error(): ErrorStats | null {
    return this.#failed ? this.#lastError.stats() : null;
  }

  /** Asks now and remembers the answer. Rejects as the broker's answer does. */
  async ask(): Promise<LagReading['groups']> {
    try {
      const asOf = new Date();
      const groups = await this.#question();
      this.#latest = { groups, asOf };
      this.#failed = false;
      return groups;
    } catch (error) {
      this.#lastError.note(error, 'KAFKA_FAILED');
      this.#failed = true;
      throw error;
    }
  }

  /** Asks unless a question is open; resolves when there is an answer or an error. */
  refresh(): Promise<void> {
    const over = (): void => {
      this.#asking = undefined;
    };
    this.#asking ??= this.ask().then(over, over); // `error` tells of a failure
    return this.#asking;
  }

  /** Asks now and again until the returned function is called; the process may end meanwhile. */
  watch(): () => void {
    void this.refresh();
    const timer = setInterval(() => void this.refresh(), EVERY_MS);
    timer.unref();
    return () => clearInterval(timer);
  }
}
