import type { SimulatedClock } from './clock.js';
import { Random } from './random.js';

/** What the network and other producers do to a simulated Kafka, within these limits as chance has it. */
export interface Disturbances {
  /** Longest time of one way over the network, in ms: of requests, of their answers, of what is fetched. Default: 0. */
  readonly latencyMs?: number | undefined;
  /** Most records of a batch that is read: each batch has one to so many. Default: whatever is there, 500 at most. */
  readonly batchRecords?: number | undefined;
  /** How likely (0 to 1) a batch is handed over a second time. Default: 0. */
  readonly readAgain?: number | undefined;
  /**
   * How likely (0 to 1) a batch that was written is appended once more a little later, as a producer that is not
   * idempotent might do. Default: 0.
   */
  readonly appendAgain?: number | undefined;
}

const WHOLE_BATCH = 500;

/** Everything about a simulated Kafka that is left to chance, drawn from one seed. What cannot happen draws nothing. */
export class Conditions {
  readonly #random: Random;
  readonly #clock: SimulatedClock;
  readonly #disturbances: Disturbances;

  constructor(seed: number, clock: SimulatedClock, disturbances: Disturbances) {
    this.#random = new Random(seed);
    this.#clock = clock;
    this.#disturbances = disturbances;
  }

  /** One way over the network. */
  travel(): Promise<void> {
    return new Promise((resolve) => this.#clock.after(this.latency(), resolve));
  }

  latency(): number {
    const { latencyMs = 0 } = this.#disturbances;
    return latencyMs === 0 ? 0 : this.#random.below(latencyMs + 1);
  }

  /** How many records the next batch has at most. */
  batchRecords(): number {
    const { batchRecords } = this.#disturbances;
    return batchRecords === undefined ? WHOLE_BATCH : 1 + this.#random.below(batchRecords);
  }

  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    return items.map(() => rest.splice(this.#random.below(rest.length), 1)[0] as T);
  }

  readsAgain(): boolean {
    return this.#happens(this.#disturbances.readAgain);
  }

  appendsAgain(): boolean {
    return this.#happens(this.#disturbances.appendAgain);
  }

  #happens(probability = 0): boolean {
    return probability > 0 && this.#random.chance(probability);
  }
}
