/**
 * The last `capacity` ids, oldest forgotten first: what deduplication without a store can offer. Two generations of
 * that size instead of one exact queue: no bookkeeping per id, never fewer than the last `capacity`, at most twice as many.
 */
export class RecentIds {
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(readonly capacity = 100_000) {}

  has(source: string, id: string): boolean {
    const key = keyOf(source, id);
    return this.#young.has(key) || this.#old.has(key);
  }

  add(source: string, id: string): void {
    this.#young.add(keyOf(source, id));
    if (this.#young.size < this.capacity) return;
    this.#old = this.#young;
    this.#young = new Set();
  }
}

/** Neither part can hold a NUL: readers refuse it. */
const keyOf = (source: string, id: string): string => `${source}\0${id}`;
