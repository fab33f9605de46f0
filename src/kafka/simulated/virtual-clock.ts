import type { SimulatedClock } from './clock.js';

interface Timer {
  readonly at: number;
  readonly work: () => void;
}

/**
 * So many turns of the event loop without anything new on the clock, and nothing is left to happen. What stands on a
 * simulated Kafka works in turns of the event loop too; none of it takes that many in a row.
 */
const IDLE_TURNS = 200;
/** As much before time moves on: whatever goes on now has its next timer set by then. */
const MOVE_TURNS = 12;

/**
 * A time that stands still until somebody lets it pass, and then takes none: timers fire one by one in the order of
 * their time, and after each of them the event loop has a turn. It begins at 0, so that a deadline which somebody took
 * from the real time never comes.
 */
export class VirtualClock implements SimulatedClock {
  #now = 0;
  /** By time, then by the order in which they were set. */
  readonly #timers: Timer[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, ms), work };
    const later = this.#timers.findIndex(({ at }) => at > timer.at);
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index !== -1) this.#timers.splice(index, 1);
    };
  }

  /** Lets so much time pass. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.#settle();
    while ((this.#timers[0]?.at ?? Number.POSITIVE_INFINITY) <= until) {
      this.#fireNext();
      await this.#settle();
    }
    this.#now = until;
  }

  /** Lets time pass until nothing is left to happen. */
  async runToIdle(): Promise<void> {
    while (await this.#step());
  }

  /** Lets time pass until the condition holds; rejects when nothing is left to happen and it does not. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (!(await this.#step()) && !condition()) throw new Error(`nothing is left to happen, and this is not so: ${condition.toString()}`);
    }
  }

  /** Lets time pass until the promise settles, and settles likewise. */
  async during<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const settle = (): void => void (settled = true);
    promise.then(settle, settle);
    await this.until(() => settled);
    return promise;
  }

  /** One timer and one turn. False when the clock is idle. */
  async #step(): Promise<boolean> {
    for (let turns = 0; turns < IDLE_TURNS && this.#timers.length === 0; turns++) await turn();
    if (this.#timers.length === 0) return false;
    this.#fireNext();
    await this.#settle();
    return true;
  }

  /** Turns of the event loop, until something is due now or nothing new comes. */
  async #settle(): Promise<void> {
    await turn();
    for (let turns = 1; turns < MOVE_TURNS && this.#timers[0]?.at !== this.#now; turns++) await turn();
  }

  #fireNext(): void {
    const timer = this.#timers.shift()!;
    this.#now = Math.max(this.#now, timer.at);
    timer.work();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
