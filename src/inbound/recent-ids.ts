/**
 * The last `capacity` ids, oldest forgotten first: what deduplication without a store can offer. Two generations of
 * that size instead of one exact queue: no bookkeeping per id, never fewer than the last `capacity`, at most twice as many.
 */
export class RecentIds {
  #young = new IdsBySource();
  #old = new IdsBySource();

  constructor(readonly capacity = 100_000) {}

  has(source: string, id: string): boolean {
    return this.#young.has(source, id) || this.#old.has(source, id);
  }

  add(source: string, id: string): void {
    this.#young.add(source, id);
    if (this.#young.size < this.capacity) return;
    this.#old = this.#young;
    this.#young = new IdsBySource();
  }
}

/** Nested, because making one string of the two, for every record that is read, takes longer than looking both up. */
class IdsBySource {
  readonly #sources = new Map<string, Set<string>>();
  size = 0;

  has(source: string, id: string): boolean {
    return this.#sources.get(source)?.has(id) === true;
  }

  add(source: string, id: string): void {
    let ids = this.#sources.get(source);
    if (ids === undefined) this.#sources.set(source, (ids = new Set()));
    const before = ids.size;
    ids.add(id);
    this.size += ids.size - before;
  }
}
