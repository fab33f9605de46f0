import type { MaybePromise } from '../maybe-promise.js';

interface Turn {
  /** Undefined as long as it waits for something. */
  start: (() => void) | undefined;
  next: Turn | undefined;
}

/**
 * Lets works begin in the order in which they were asked for, although some of them have to wait for something first.
 * Works may overlap once they have begun; what is asked for while one begins waits until it has.
 */
export class CallOrder {
  #first: Turn | undefined;
  #last: Turn | undefined;
  #beginning = false;

  /** Begins `work` at once unless others stand before it. `work` does not throw. */
  begin<T>(work: () => MaybePromise<T>): MaybePromise<T> {
    if (this.#beginning || this.#first !== undefined) return this.#wait(this.#takeTurn(), work);
    this.#beginning = true;
    const result = work();
    this.#beginning = false;
    if (this.#first !== undefined) this.#proceed();
    return result;
  }

  /** Begins `work` when `ready` has resolved and everything before it has begun. When `ready` rejects, so does this. */
  beginAfter<T>(ready: Promise<unknown>, work: () => MaybePromise<T>): Promise<T> {
    const turn = this.#takeTurn();
    return ready.then(
      () => this.#wait(turn, work),
      (error: unknown) => {
        turn.start = () => undefined;
        this.#proceed();
        throw error;
      },
    );
  }

  #takeTurn(): Turn {
    const turn: Turn = { start: undefined, next: undefined };
    if (this.#last === undefined) this.#first = turn;
    else this.#last.next = turn;
    this.#last = turn;
    return turn;
  }

  #wait<T>(turn: Turn, work: () => MaybePromise<T>): Promise<T> {
    return new Promise((resolve) => {
      turn.start = () => resolve(work());
      this.#proceed();
    });
  }

  #proceed(): void {
    if (this.#beginning) return;
    this.#beginning = true;
    while (this.#first?.start !== undefined) {
      const { start, next } = this.#first;
      this.#first = next;
      if (next === undefined) this.#last = undefined;
      start();
    }
    this.#beginning = false;
  }
}
