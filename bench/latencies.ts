import { startClocks, type Measurement } from './contender.js';
import { paced } from './pace.js';

const PER_SECOND = 200;

/** Events that are published at an even pace, each timed from there until its handler begins. */
export class Latencies {
  readonly #publishedAt: number[] = [];
  #ms: number[] = [];
  #wanted = 0;
  #allHeard = (): void => undefined;

  /** `publish` gets the number of an event, which its handler gives back to `heard`. */
  async round(seconds: number, publish: (n: number) => Promise<unknown>): Promise<Measurement> {
    const first = this.#publishedAt.length;
    this.#ms = [];
    this.#wanted = Math.ceil(PER_SECOND * seconds);
    const end = new Promise<void>((resolve) => (this.#allHeard = resolve));
    const stop = startClocks();
    const published: Promise<unknown>[] = [];
    await paced(PER_SECOND, this.#wanted, (n) => {
      this.#publishedAt.push(performance.now());
      published.push(publish(first + n));
    });
    await Promise.all(published);
    await end;
    const sorted = this.#ms.toSorted((a, b) => a - b);
    const share = (of: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))]!;
    return { ...stop(this.#wanted), figures: { p50: share(0.5), p99: share(0.99) } };
  }

  heard(n: number): void {
    this.#ms.push(performance.now() - this.#publishedAt[n]!);
    if (this.#ms.length === this.#wanted) this.#allHeard();
  }
}
