/** Where a simulated Kafka has its time from, and the only way in which it waits. */
export interface SimulatedClock {
  /** In ms since 1970, or since the beginning of a simulation. */
  now(): number;
  /** Calls `work` once, after `ms`, and never before this call has returned. Returns what cancels it. */
  after(ms: number, work: () => void): () => void;
}

/** The time of the machine. */
export const systemTime: SimulatedClock = {
  now: () => Date.now(),
  after: (ms, work) => {
    if (ms <= 0) {
      // A timer of 0 ms takes 1 ms: too long for a record that only crosses the process.
      const immediate = setImmediate(work);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};
