/** Counts what a line has begun and not ended, and tells when there is nothing of it. */
export class UnderWay {
  /** Records that a handler is at. */
  handling = 0;
  /** Records that are decided, and not safe yet. */
  settling = 0;
  #waiting: (() => void)[] = [];

  get isNothing(): boolean {
    return this.handling === 0 && this.settling === 0;
  }

  whenNothing(): Promise<void> {
    return this.isNothing ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** To be called when something has ended, once whoever waits may go on. */
  ended(): void {
    if (!this.isNothing) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
