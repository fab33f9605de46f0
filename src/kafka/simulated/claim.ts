import type { Claim } from '../driver.js';
import type { PartitionLog } from './partition-log.js';

/** One partition from its assignment until it was given back. */
export class SimulatedClaim implements Claim {
  readonly log: PartitionLog;
  readonly #abort = new AbortController();
  readonly #onSettled: () => void;
  #held = true;
  /** Everything below is settled; undefined until something was. */
  next: number | undefined;
  /** What was committed of that. */
  committed: number | undefined;

  constructor(log: PartitionLog, onSettled: () => void) {
    this.log = log;
    this.#onSettled = onSettled;
  }

  get topic(): string {
    return this.log.topic;
  }

  get partition(): number {
    return this.log.partition;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  owned(): boolean {
    return this.#held;
  }

  settled(next: number): void {
    if (!this.#held || (this.next !== undefined && next <= this.next)) return;
    this.next = next;
    this.#onSettled();
  }

  /** Nothing new may begin. What is settled still counts. */
  abort(): void {
    this.#abort.abort();
  }

  /** Another member may have it from now on. */
  release(): void {
    this.#held = false;
    this.#abort.abort();
  }
}
