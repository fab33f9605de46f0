import { BusbarError } from '../errors.js';
import type { Held } from '../kafka/simulated/retention.js';

interface Waiting {
  admitted(): void;
  refused(error: BusbarError): void;
}

/**
 * The bound of what is kept in memory for processors. Whoever publishes while it is reached waits in line; whoever waits
 * at the deadline is refused. What handlers publish never comes here: it would wait for what only its own end can free.
 */
export class Backlog {
  readonly #most: Held;
  readonly #unsettled: () => Held;
  readonly #line = new Set<Waiting>();
  /** Admitted, and not on the log yet. */
  #underWay = 0;
  #isClosed = false;

  constructor(most: Held, unsettled: () => Held) {
    this.#most = most;
    this.#unsettled = unsettled;
  }

  /** Whether nobody waits and everything that was admitted is on the log. */
  get isEmpty(): boolean {
    return this.#line.size === 0 && this.#underWay === 0;
  }

  /** Resolves when it may go on, in the order of the calls. Rejects `BUFFER_FULL` at the deadline (ms since 1970), `BUS_CLOSED`. */
  enter(deadline: number): Promise<void> {
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#line.size === 0 && this.#hasRoom()) {
      this.#underWay++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => waiting.refused(full(this.#unsettled())), Math.max(0, deadline - Date.now()));
      const waiting: Waiting = {
        admitted: () => {
          this.#leaveLine(waiting, timer);
          this.#underWay++;
          resolve();
        },
        refused: (error) => {
          this.#leaveLine(waiting, timer);
          reject(error);
        },
      };
      this.#line.add(waiting);
    });
  }

  /** One that was admitted is on the log, or will never be. */
  arrived(): void {
    this.#underWay--;
    this.lookAgain();
  }

  /** Something was settled. */
  lookAgain(): void {
    for (const waiting of this.#line) {
      if (!this.#hasRoom()) return;
      waiting.admitted();
    }
  }

  /** Refuses whoever waits and whoever comes. */
  close(): void {
    this.#isClosed = true;
    for (const waiting of this.#line) waiting.refused(closed());
  }

  #hasRoom(): boolean {
    const { records, bytes } = this.#unsettled();
    return records + this.#underWay < this.#most.records && bytes < this.#most.bytes;
  }

  #leaveLine(waiting: Waiting, timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.#line.delete(waiting);
  }
}

function full({ records, bytes }: Held): BusbarError {
  const message = `${records} records (${bytes} bytes) in memory were not settled until the deadline: processors do not keep up, or have stopped`;
  return new BusbarError('BUFFER_FULL', message, { retriable: true });
}

function closed(): BusbarError {
  return new BusbarError('BUS_CLOSED', 'the service stops and takes no more events');
}
