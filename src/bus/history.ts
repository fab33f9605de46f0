import type { Envelope } from '../event/envelope.js';

/** The last envelopes, as many as `size` says. */
export class History {
  readonly #size: number;
  readonly #ring: Envelope[] = [];
  #next = 0;

  constructor(size: number) {
    this.#size = size;
  }

  add(envelope: Envelope): void {
    if (this.#size === 0) return;
    this.#ring[this.#next] = envelope;
    this.#next = (this.#next + 1) % this.#size;
  }

  /** At most `count`, oldest first. */
  last(count: number): Envelope[] {
    const inOrder = [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
    return count > 0 ? inOrder.slice(-count) : [];
  }
}
