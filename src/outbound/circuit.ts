import type { Notices } from '../telemetry/notices.js';
import type { Entry } from './entry.js';
import type { Failure } from './failure.js';
import { OpenCircuit } from './open-circuit.js';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What holds up a topic whose oldest event has no place: whatever it had in the queue before is settled. */
const CROWDED_OUT: Failure = {
  code: 'BUFFER_FULL',
  reason: 'the outbound queue is full of other events',
  certainty: 'not-sent',
  retriable: true,
};

/** Whether a topic takes events now. */
export interface CircuitStats {
  /** `closed`: all. `half-open`: the next one, to see whether it is acknowledged. `open`: none. */
  readonly state: 'closed' | 'half-open' | 'open';
  /** When it opened, ISO 8601; null while it is closed. */
  readonly openSince: string | null;
  /** Events that it has refused with `CIRCUIT_OPEN`. */
  readonly refused: number;
}

/** A circuit that is not closed, for those who look at it. */
export interface Interruption {
  readonly topic: string;
  /** Whether the next event is refused. */
  readonly refuses: boolean;
  /** One sentence. */
  readonly reason: string;
}

/**
 * Whether a topic takes new events. It opens when its oldest event has waited half of the time until its deadline and nothing of the
 * topic was acknowledged in as long: whoever publishes then is told at once instead of at a deadline that the queue hardly
 * meets. What is in the queue keeps its place, its deadline and its attempts; the first acknowledgement of anything on
 * the topic closes the circuit. One event at a time is let through to try, a second after the refusals began or the last
 * one failed, also while others still wait.
 */
export class Circuit {
  readonly #topic: string;
  readonly #notices: Notices;
  readonly #oldest: () => Entry | undefined;
  #opened: OpenCircuit | undefined;
  #acknowledgedAt = 0;
  /** While it is not closed: since when nothing was acknowledged that waits. */
  #stalledSince = 0;
  /** What went wrong since the last acknowledgement. */
  #trouble: Failure | undefined;
  #timer: NodeJS.Timeout | undefined;
  #refused = 0;
  #refusedBefore = 0;

  /** `oldest` is what has waited longest for an acknowledgement of the topic. */
  constructor(topic: string, notices: Notices, oldest: () => Entry | undefined) {
    this.#topic = topic;
    this.#notices = notices;
    this.#oldest = oldest;
  }

  /** Why a new entry is not taken; undefined when it is. */
  refusal(entry: Entry): Failure | undefined {
    if (this.#opened === undefined || this.#opened.admits(entry)) return undefined;
    this.#refused += 1;
    return { code: 'CIRCUIT_OPEN', reason: this.#reason(), certainty: 'not-sent', retriable: true, cause: this.#trouble?.cause };
  }

  /** An entry waits from now on. */
  watch({ since, deadline }: Entry): void {
    if (this.#timer === undefined && this.#opened === undefined) this.#lookIn((deadline - since) / 2);
  }

  /** An attempt has failed, and is repeated. */
  troubled(failure: Failure): void {
    this.#trouble = failure;
  }

  /** Something on the topic was acknowledged. */
  acknowledged(): void {
    this.#acknowledgedAt = Date.now();
    this.#trouble = undefined;
    if (this.#opened === undefined) return;
    const details = { topic: this.#topic, openMs: Date.now() - this.#opened.since, refused: this.#refused - this.#refusedBefore };
    this.#opened = undefined;
    this.#look();
    this.#notices.raise({ level: 'info', code: 'CIRCUIT_CLOSED', message: 'events are acknowledged again, and taken', details });
  }

  /** An entry has failed for good. */
  failed(entry: Entry): void {
    this.#opened?.failed(entry);
  }

  stats(): CircuitStats {
    const opened = this.#opened;
    if (opened === undefined) return { state: 'closed', openSince: null, refused: this.#refused };
    const state = opened.isHalfOpen ? 'half-open' : 'open';
    return { state, openSince: new Date(opened.since).toISOString(), refused: this.#refused };
  }

  /** Undefined while it is closed. */
  interruption(): Interruption | undefined {
    const opened = this.#opened;
    if (opened === undefined) return undefined;
    return { topic: this.#topic, refuses: !opened.isHalfOpen, reason: this.#reason() };
  }

  #look(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const oldest = this.#oldest();
    if (oldest === undefined) return;
    const { since, deadline } = oldest;
    this.#stalledSince = Math.max(since, this.#acknowledgedAt);
    const left = this.#stalledSince + (deadline - since) / 2 - Date.now();
    if (left > 0) this.#lookIn(left);
    else this.#open(oldest);
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => this.#look(), Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
    // What waits keeps the process alive by itself.
    this.#timer.unref();
  }

  #open(oldest: Entry): void {
    if (oldest.inLine) this.#trouble ??= CROWDED_OUT;
    this.#refusedBefore = this.#refused;
    this.#opened = new OpenCircuit();
    this.#notices.raise({
      level: 'error',
      code: 'CIRCUIT_OPENED',
      message: `${this.#reason()}; events for it are refused now, and those that wait are sent as soon as they can be`,
      error: this.#trouble?.cause,
      details: { topic: this.#topic, waitedMs: Date.now() - this.#stalledSince },
    });
  }

  #reason(): string {
    const seconds = Math.max(1, Math.round((Date.now() - this.#stalledSince) / 1_000));
    const why = this.#trouble === undefined ? 'no broker has said why' : `last: ${this.#trouble.reason}`;
    return `nothing for ${this.#topic} was acknowledged for ${seconds} s; ${why}`;
  }
}
