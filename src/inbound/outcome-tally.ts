import type { ErrorCode } from '../errors.js';
import { LastError, type ErrorStats } from '../telemetry/last-error.js';
import { Latency, type LatencyStats } from '../telemetry/latency.js';
import { OutcomeCounter, type Outcome, type OutcomeCounts } from './outcomes.js';

/** The deliveries of the events of one name. */
export interface EventDeliveries {
  /** They add up as those of the processor do, and those of all its events are those of the processor. */
  readonly outcomes: OutcomeCounts;
  /** From the beginning of a delivery until it was settled, retries included; without those that were just recognised: `duplicate`, `ignored`. */
  readonly latencyMs: LatencyStats;
}

/** What happened to the records of one group in this process. */
export interface DeliveryStats extends EventDeliveries {
  /** By the names of the events that are wanted; the rest is under `(other)`: ignored, or without a name that could be read. */
  readonly events: Readonly<Record<string, EventDeliveries>>;
  /** Attempts of handlers after the first of their delivery. */
  readonly retries: number;
  readonly lastError: ErrorStats | null;
}

export const OTHER_EVENTS = '(other)';

class EventTally {
  readonly outcomes = new OutcomeCounter();
  readonly latency = new Latency();

  stats(): EventDeliveries {
    return { outcomes: this.outcomes.counts(), latencyMs: this.latency.stats() };
  }
}

/** A delivery that has begun: counted for its group at once, and for its event as soon as its name is read. */
export class CountedDelivery {
  readonly #tally: OutcomeTally;
  readonly #since = performance.now();
  #event: EventTally | undefined;

  constructor(tally: OutcomeTally) {
    this.#tally = tally;
    tally.all.begun();
  }

  /** Harmless when its event is known already. */
  isOf(name: string): void {
    if (this.#event !== undefined) return;
    this.#event = this.#tally.event(name);
    this.#event.outcomes.begun();
  }

  ended(outcome: Outcome | 'abandoned'): void {
    this.isOf(OTHER_EVENTS);
    this.#tally.all.ended(outcome);
    this.#event!.outcomes.ended(outcome);
    if (outcome !== 'ignored' && outcome !== 'duplicate' && outcome !== 'abandoned')
      this.#event!.latency.record(performance.now() - this.#since);
  }
}

/** Counts what happens to the records of one group. */
export class OutcomeTally {
  readonly all = new OutcomeCounter();
  readonly #events: ReadonlyMap<string, EventTally>;
  readonly #other = new EventTally();
  readonly #lastError = new LastError();
  #retries = 0;

  /** `wanted`: the names of the events that are counted one by one. */
  constructor(wanted: Iterable<string>) {
    this.#events = new Map(Array.from(wanted, (name) => [name, new EventTally()]));
  }

  begun(): CountedDelivery {
    return new CountedDelivery(this);
  }

  event(name: string): EventTally {
    return this.#events.get(name) ?? this.#other;
  }

  /** A handler is attempted again. */
  retried(): void {
    this.#retries += 1;
  }

  /** Something went wrong with a record, or with the reading of all; `code` is for an error that has none of ours. */
  failed(error: unknown, code: ErrorCode = 'HANDLER_FAILED'): void {
    this.#lastError.note(error, code);
  }

  snapshot(): OutcomeCounts {
    return this.all.counts();
  }

  stats(): DeliveryStats {
    const tallies: [string, EventTally][] = [...this.#events, [OTHER_EVENTS, this.#other]];
    return {
      outcomes: this.snapshot(),
      latencyMs: Latency.of(tallies.map(([, { latency }]) => latency)),
      events: Object.fromEntries(tallies.map(([name, tally]) => [name, tally.stats()])),
      retries: this.#retries,
      lastError: this.#lastError.stats(),
    };
  }
}
