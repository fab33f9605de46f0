import { BusbarError } from '../../errors.js';
import type { Notices } from '../../telemetry/notices.js';
import type { ConsumeOptions } from '../driver.js';
import type { SimulatedClaim } from './claim.js';
import type { SimulatedClock } from './clock.js';
import type { Conditions } from './conditions.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

export interface ReadingParts {
  readonly clock: SimulatedClock;
  readonly conditions: Conditions;
  readonly options: ConsumeOptions;
  readonly notices: Notices;
  committed(claim: SimulatedClaim): number | undefined;
  commit(claim: SimulatedClaim, offset: number): void;
  /** Reading must not go on. */
  stopped(error: BusbarError): void;
}

/** Reads claimed partitions, each by itself and one batch at a time, until their claims are over. */
export class Reading {
  readonly #parts: ReadingParts;

  constructor(parts: ReadingParts) {
    this.#parts = parts;
  }

  /** Never rejects. */
  async read(claim: SimulatedClaim): Promise<void> {
    const { conditions } = this.#parts;
    const { log, signal } = claim;
    let next = await this.#whereToBegin(claim);
    while (next !== undefined && !signal.aborted) {
      if (next === log.end) {
        await log.whenAppended(signal);
        continue;
      }
      await conditions.travel();
      const records = log.read(next, conditions.batchRecords());
      const times = conditions.readsAgain() ? 2 : 1;
      for (let time = 0; time < times && !signal.aborted; time++) {
        if (!(await this.#handOver(claim, records))) return;
      }
      next += records.length;
    }
  }

  async #handOver(claim: SimulatedClaim, records: Parameters<ConsumeOptions['onBatch']>[0]['records']): Promise<boolean> {
    try {
      await this.#parts.options.onBatch({ claim, records, highWatermark: claim.log.end });
      return true;
    } catch (error) {
      const { topic, partition } = claim;
      this.#parts.stopped(new BusbarError('KAFKA_FAILED', `onBatch rejected for ${topic}[${partition}]`, { cause: error }));
      return false;
    }
  }

  /** Asks until it is answered. Undefined when the claim is over or was stopped. */
  async #whereToBegin(claim: SimulatedClaim): Promise<number | undefined> {
    const { clock, notices, stopped } = this.#parts;
    const { topic, partition, signal } = claim;
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        return await this.#ask(claim);
      } catch (error) {
        if (signal.aborted) return undefined;
        const cause = error instanceof BusbarError ? error : new BusbarError('KAFKA_FAILED', 'cannot start', { cause: error });
        if (cause.code === 'OFFSETS_LOST') {
          stopped(cause);
          return undefined;
        }
        const message = 'a partition rests until this works';
        notices.raise({ level: 'warn', code: cause.code, message, error: cause, details: { topic, partition } });
        await untilAborted(clock, pauseMs, signal);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
    return undefined;
  }

  async #ask(claim: SimulatedClaim): Promise<number> {
    const { conditions, options, committed, commit } = this.#parts;
    await conditions.travel();
    const { topic, partition, log } = claim;
    const from = await options.start({
      topic,
      partition,
      committed: committed(claim),
      beginning: log.beginning,
      end: log.end,
      commit: async (offset) => {
        await conditions.travel();
        commit(claim, offset);
      },
    });
    if (from >= log.beginning && from <= log.end) return from;
    throw new BusbarError('KAFKA_FAILED', `${topic}[${partition}] has ${log.beginning} to ${log.end} and cannot be read from ${from}`);
  }
}

/** So many ms, or until the signal. */
function untilAborted(clock: SimulatedClock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, done);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
