import type { Entry } from './entry.js';
import { Fifo } from './fifo.js';

/**
 * The bound of the outbound queue: records and bytes between their acceptance and their acknowledgement. Whoever finds
 * it full waits in line, and nobody overtakes the head of that line, so that a large record gets its turn as well.
 */
export class Room {
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  readonly #line = new Fifo<{ readonly entry: Entry; readonly admitted: () => void }>();
  #records = 0;
  #bytes = 0;

  constructor(maxRecords: number, maxBytes: number) {
    this.#maxRecords = maxRecords;
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** True: it is in. False: it stands in line, and `admitted` is called when it is in, or was settled while it stood there. */
  enter(entry: Entry, admitted: () => void): boolean {
    if (this.#line.length === 0 && this.#fits(entry)) {
      this.#take(entry);
      return true;
    }
    entry.inLine = true;
    this.#line.push({ entry, admitted });
    return false;
  }

  /** The entry is settled: what it took is free, and if it stood in line it does so no longer. */
  leave(entry: Entry): void {
    if (entry.inRoom) {
      entry.inRoom = false;
      this.#records -= 1;
      this.#bytes -= entry.bytes;
    }
    this.#admit();
  }

  #admit(): void {
    for (let head = this.#line.peek(); head !== undefined; head = this.#line.peek()) {
      if (!head.entry.settled) {
        if (!this.#fits(head.entry)) return;
        this.#take(head.entry);
      }
      this.#line.shift();
      head.admitted();
    }
  }

  /** An empty room takes anything: what is larger than the room could never be sent otherwise. */
  #fits(entry: Entry): boolean {
    return this.#records === 0 || (this.#records < this.#maxRecords && this.#bytes + entry.bytes <= this.#maxBytes);
  }

  #take(entry: Entry): void {
    entry.inLine = false;
    entry.inRoom = true;
    this.#records += 1;
    this.#bytes += entry.bytes;
  }
}
