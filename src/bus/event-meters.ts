import { Latency, type LatencyStats } from '../telemetry/latency.js';

/** What became of the events of one name on this bus. */
export interface EventStats {
  readonly published: {
    /** Known to be safe: on Kafka, or in this process for those that do not leave it. */
    readonly safe: number;
    /** Failed, and certainly not on the log. */
    readonly notSent: number;
    /** Failed, and possibly on the log. */
    readonly unknown: number;
    /** Published in handlers, and sent after these had succeeded; not among `safe`. */
    readonly staged: number;
    /** Refused before anything was done: invalid, without a key, the bus closed, … */
    readonly refused: number;
  };
  /** From `publish` to being safe, of those that left the process; what listeners take is no part of it. */
  readonly latencyMs: LatencyStats;
  /** Calls of listeners. */
  readonly heard: number;
  /** Came in from other services and were told to the listeners here. */
  readonly mirroredIn: number;
  /** Calls of listeners that failed, or did not end in time. */
  readonly listenerErrors: number;
}

/** Counts what becomes of the events of one name. */
export class EventMeter {
  safe = 0;
  notSent = 0;
  unknown = 0;
  staged = 0;
  refused = 0;
  heard = 0;
  mirroredIn = 0;
  listenerErrors = 0;
  readonly latency = new Latency();

  failed(certainty: 'not-sent' | 'unknown'): void {
    if (certainty === 'unknown') this.unknown++;
    else this.notSent++;
  }

  stats(): EventStats {
    const { safe, notSent, unknown, staged, refused, heard, mirroredIn, listenerErrors } = this;
    return {
      published: { safe, notSent, unknown, staged, refused },
      latencyMs: this.latency.stats(),
      heard,
      mirroredIn,
      listenerErrors,
    };
  }
}

/** The meters of a bus, by the names of the events: as many as there are event classes. */
export class EventMeters {
  readonly #meters = new Map<string, EventMeter>();

  of(name: string): EventMeter {
    let meter = this.#meters.get(name);
    if (meter === undefined) this.#meters.set(name, (meter = new EventMeter()));
    return meter;
  }

  /** Of all events that were published or heard here so far. */
  stats(): Readonly<Record<string, EventStats>> {
    return Object.fromEntries(Array.from(this.#meters, ([name, meter]) => [name, meter.stats()]));
  }
}
