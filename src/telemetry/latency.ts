import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** How long something took, in ms, to a microsecond and one percent; zeros when `count` is 0. */
export interface LatencyStats {
  readonly count: number;
  /** Half of them took no longer. */
  readonly p50: number;
  /** 99 of 100 took no longer. */
  readonly p99: number;
  readonly max: number;
}

/** In microseconds; what took longer counts as an hour. It bounds what a histogram takes: 26 KB. */
const LONGEST_US = 3_600_000_000;
const NONE: LatencyStats = { count: 0, p50: 0, p99: 0, max: 0 };

/** How long one kind of thing took, every time since the process began. Takes memory from the first time on. */
export class Latency {
  #histogram: RecordableHistogram | undefined;
  #maxUs = 0;

  record(ms: number): void {
    const us = Math.min(LONGEST_US, Math.max(1, Math.round(ms * 1000)));
    this.#histogram ??= newHistogram();
    this.#histogram.record(us);
    if (us > this.#maxUs) this.#maxUs = us;
  }

  stats(): LatencyStats {
    return Latency.of([this]);
  }

  /** All of them as if they had been recorded together. */
  static of(latencies: Iterable<Latency>): LatencyStats {
    let all: RecordableHistogram | undefined;
    let maxUs = 0;
    for (const latency of latencies) {
      const histogram = latency.#histogram;
      if (histogram === undefined) continue;
      all ??= newHistogram();
      all.add(histogram);
      maxUs = Math.max(maxUs, latency.#maxUs);
    }
    if (all === undefined) return NONE;
    // The histogram tells the end of a range, which may lie beyond the largest value in it.
    const percentile = (share: number): number => Math.min(maxUs, all.percentile(share)) / 1000;
    return { count: all.count, p50: percentile(50), p99: percentile(99), max: maxUs / 1000 };
  }
}

const newHistogram = (): RecordableHistogram => createHistogram({ lowest: 1, highest: LONGEST_US, figures: 2 });
