/** A queue whose items of one key are taken one at a time: the next only after the one before was released. */
export class KeyedQueue<T> {
  readonly #ready: T[] = [];
  /** Items that wait behind a taken or ready one of their key. */
  readonly #behind = new Map<string, T[]>();

  /** Items without a key never wait for each other. */
  push(item: T, key: string | undefined): void {
    const behind = key === undefined ? undefined : this.#behind.get(key);
    if (behind !== undefined) {
      behind.push(item);
      return;
    }
    if (key !== undefined) this.#behind.set(key, []);
    this.#ready.push(item);
  }

  take(): T | undefined {
    return this.#ready.shift();
  }

  /** Puts a taken item back in front. */
  putBack(item: T): void {
    this.#ready.unshift(item);
  }

  /** The taken item of this key is done with. */
  release(key: string | undefined): void {
    if (key === undefined) return;
    const following = this.#behind.get(key)?.shift();
    if (following === undefined) this.#behind.delete(key);
    else this.#ready.push(following);
  }
}
