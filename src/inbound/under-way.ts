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

  /** As `whenNothing`, but resolves after `ms` at the latest. */
  async nothingWithin(ms: number): Promise<void> {
    if (this.isNothing) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([this.whenNothing(), late]);
    clearTimeout(timer);
  }

  /** To be called when something has ended, once whoever waits may go on. */
  ended(): void {
    if (!this.isNothing) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
