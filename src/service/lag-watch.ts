import { BusbarError } from '../errors.js';
import type { PartitionLag } from '../inbound/lag.js';
import { LastError, type ErrorStats } from '../telemetry/last-error.js';

const EVERY_MS = 3_000;
/** A question that is open for longer says something by itself. */
const LATE_MS = 6_000;

/** How far one group was behind when the broker was asked last. */
export interface LagReading {
  readonly partitions: readonly PartitionLag[];
  readonly asOf: Date;
}

/** How to ask about each group. */
export type LagQuestions = ReadonlyMap<string, () => Promise<readonly PartitionLag[]>>;

/** Asks the broker every few seconds how far the groups are behind, and remembers the last answer about each: for stats and health. */
export class LagWatch {
  readonly #questions: () => LagQuestions;
  readonly #lastError = new LastError();
  readonly #lateError = new LastError();
  #readings: ReadonlyMap<string, LagReading> = new Map();
  #open: { readonly since: number; readonly answered: Promise<void> } | undefined;
  #failed = false;

  /** `questions` is called whenever it asks: groups come and go. */
  constructor(questions: () => LagQuestions) {
    this.#questions = questions;
  }

  /** Undefined before the first answer. */
  latest(group: string): LagReading | undefined {
    return this.#readings.get(group);
  }

  /** Why the last question has no answer; null when it has one, or was put just now. */
  error(): ErrorStats | null {
    const ms = this.#open === undefined ? 0 : Date.now() - this.#open.since;
    if (ms >= LATE_MS) {
      this.#lateError.note(
        new BusbarError('BROKER_UNREACHABLE', `the lag was asked for ${ms} ms ago, and is not all answered`),
        'KAFKA_FAILED',
      );
      return this.#lateError.stats();
    }
    return this.#failed ? this.#lastError.stats() : null;
  }

  /** Asks about all groups now and remembers the answers. Rejects as the broker does about one of them, when all were asked. */
  async ask(): Promise<ReadonlyMap<string, readonly PartitionLag[]>> {
    const questions = this.#questions();
    const answers = new Map<string, readonly PartitionLag[]>();
    let failure: { readonly error: unknown } | undefined;
    // One after the other, as the questions about one group are. One that cannot be answered hides no other.
    for (const [group, question] of questions) {
      const asOf = new Date();
      try {
        const partitions = await question();
        answers.set(group, partitions);
        this.#remember(group, { partitions, asOf });
      } catch (error) {
        failure ??= { error };
      }
    }
    this.#readings = new Map([...this.#readings].filter(([group]) => questions.has(group)));
    this.#failed = failure !== undefined;
    if (failure === undefined) return answers;
    this.#lastError.note(failure.error, 'KAFKA_FAILED');
    throw failure.error;
  }

  /** Asks unless a question is open; resolves when there is an answer or an error. */
  refresh(): Promise<void> {
    const over = (): void => {
      this.#open = undefined;
    };
    this.#open ??= { since: Date.now(), answered: this.ask().then(over, over) }; // `error` tells of a failure
    return this.#open.answered;
  }

  /** Asks now and again until the returned function is called; the process may end meanwhile. */
  watch(): () => void {
    void this.refresh();
    const timer = setInterval(() => void this.refresh(), EVERY_MS);
    timer.unref();
    return () => clearInterval(timer);
  }

  /** Somebody may have asked later and been answered sooner. */
  #remember(group: string, reading: LagReading): void {
    const known = this.#readings.get(group);
    if (known === undefined || known.asOf <= reading.asOf) this.#readings = new Map([...this.#readings, [group, reading]]);
  }
}
