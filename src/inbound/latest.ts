/** The latest promise of each name, forgotten when it settles: what comes next waits for it, and finds nothing when there is nothing to wait for. */
export class Latest {
  readonly #promises = new Map<string, Promise<void>>();

  /** How many names have one that has not settled. */
  get size(): number {
    return this.#promises.size;
  }

  get(name: string): Promise<void> | undefined {
    return this.#promises.get(name);
  }

  /** From now on `promise` is the latest of the name. A rejection is for others to hear. */
  set(name: string, promise: Promise<void>): void {
    this.#promises.set(name, promise);
    const forget = (): void => {
      if (this.#promises.get(name) === promise) this.#promises.delete(name);
    };
    promise.then(forget, forget);
  }
}
