/** What a contender is told. */
export interface Setting {
  /** Of the broker, separated by commas. */
  readonly bootstrap: string;
  /** In front of the names of topics and groups of this run. */
  readonly prefix: string;
  /** Events of one round. */
  readonly events: number;
  /** How long a round of `memory` lasts; one of `latency` lasts a third of it. */
  readonly seconds: number;
}

/** What one round took. */
export interface Measurement {
  readonly events: number;
  /** Wall clock. */
  readonly ms: number;
  /** Processor time of the contender's process, all its threads; that of the broker is not in it. */
  readonly cpuMs: number;
  /** What a scenario measures instead of events per second, by the names that it gives. */
  readonly figures?: Readonly<Record<string, number>> | undefined;
}

/** One way to do what a scenario asks for, in a process of its own. */
export interface Contender {
  round(): Promise<Measurement>;
  close(): Promise<void>;
}

export type NewContender = (setting: Setting) => Promise<Contender>;

/** Starts the clocks; what it returns stops them. */
export function startClocks(): (events: number) => Measurement {
  const began = performance.now();
  const cpu = process.cpuUsage();
  return (events) => {
    const { user, system } = process.cpuUsage(cpu);
    return { events, ms: performance.now() - began, cpuMs: (user + system) / 1_000 };
  };
}
