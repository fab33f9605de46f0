import type { Entry } from './entry.js';

/** How long the driver, which knows more, may take past an entry's deadline to tell what became of it. */
const DRIVER_GRACE_MS = 250;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Deadlines this close together are looked at together: a look costs a walk over all that waits. */
const SWEEP_INTERVAL_MS = 5;

interface Era {
  open: number;
  done: (() => void) | undefined;
}

/** Everything that somebody still waits for, in the order of the calls; one timer watches all deadlines. */
export class Unsettled {
  readonly #entries = new Map<Entry, Era>();
  /** What was added between two flushes; the last one takes what comes. */
  readonly #eras: Era[] = [{ open: 0, done: undefined }];
  readonly #onDeadline: (entry: Entry) => void;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(onDeadline: (entry: Entry) => void) {
    this.#onDeadline = onDeadline;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** When the oldest call came, in ms since 1970. */
  get oldest(): number | undefined {
    return this.#entries.keys().next().value?.since;
  }

  /** What was called for first of what waits for this topic. */
  oldestOf(topic: string): Entry | undefined {
    for (const entry of this.#entries.keys()) if (entry.topic === topic) return entry;
    return undefined;
  }

  add(entry: Entry): void {
    const era = this.#eras.at(-1)!;
    era.open += 1;
    this.#entries.set(entry, era);
    if (entry.deadline < this.#timerAt) this.#watch(entry.deadline);
  }

  remove(entry: Entry): void {
    const era = this.#entries.get(entry);
    if (era === undefined) return;
    this.#entries.delete(entry);
    era.open -= 1;
    while (this.#eras.length > 1 && this.#eras[0]!.open === 0) this.#eras.shift()!.done?.();
    // Nothing waits: the process may end.
    if (this.#entries.size === 0) this.#unwatch();
  }

  /** Resolves when everything added so far is settled, whatever is added meanwhile. */
  flush(): Promise<void> {
    if (this.#entries.size === 0) return Promise.resolve();
    return new Promise((done) => {
      this.#eras.at(-1)!.done = done;
      this.#eras.push({ open: 0, done: undefined });
    });
  }

  forEach(visit: (entry: Entry) => void): void {
    for (const entry of this.#entries.keys()) visit(entry);
  }

  #watch(at: number): void {
    this.#unwatch();
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#sweep(), Math.min(Math.max(at - Date.now(), 0), LONGEST_TIMER_MS));
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #sweep(): void {
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.keys()) {
      const due = entry.inFlight ? entry.deadline + DRIVER_GRACE_MS : entry.deadline;
      if (due <= now) this.#onDeadline(entry);
      else if (due < next) next = due;
    }
    if (next < Number.POSITIVE_INFINITY) this.#watch(Math.max(next, now + SWEEP_INTERVAL_MS));
    else this.#unwatch();
  }
}
