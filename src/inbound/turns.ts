/** Runs works one after the other, in the order in which they were asked for, however those before ended. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves and rejects as `work` does. */
  take(work: () => Promise<void>): Promise<void> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined); // whoever asked for it is told
    return mine;
  }
}
