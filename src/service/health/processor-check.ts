import { BusbarError } from '../../errors.js';
import type { ProcessorRunner } from '../../processor/processor-runner.js';
import type { ProcessorState } from '../../processor/processor-status.js';
import { causeOf } from './cause-of.js';
import { fatal, green, red, type Check, type Finding } from './check.js';
import { readingTrouble } from './reading.js';
import { StandingOffsets } from './standing-offsets.js';
import type { LagReading } from '../lag-watch.js';

const SLOW =
  'see what the handler waits for, and bound that wait. One that is meant to take so long needs a larger stalledAfterMs in @ProcessorOptions';

/** A restart that somebody asked for passes through both. */
const PASSING: Readonly<Partial<Record<ProcessorState, string>>> = {
  starting: 'wait: when it cannot start, what it failed on is told to who started it',
  stopping: 'wait: it was asked to, and its handlers have 9 s to end',
};

/** Whether a processor gets on with its records. */
export class ProcessorCheck implements Check {
  readonly #runner: ProcessorRunner;
  readonly #offsets: StandingOffsets;

  constructor(runner: ProcessorRunner, lag: () => LagReading | undefined) {
    this.#runner = runner;
    this.#offsets = new StandingOffsets(lag);
  }

  get name(): string {
    return `processor ${this.#runner.name}`;
  }

  look(): Finding {
    const { name, stalledAfterMs } = this.#runner;
    const status = this.#runner.status();
    const { state, error, stuck, partitions } = status;
    if (stuck.length > 0) {
      const where = [...new Set(stuck.map(({ topic, partition }) => `${topic}/${partition}`))].join(', ');
      return fatal(
        `a handler did not end when it was told to, and its partition waits: ${where}`,
        'restart the process. Then let the handler heed ctx.signal, and bound whatever it waits for',
      );
    }
    if (state === 'failed') {
      const lost = error instanceof BusbarError && error.code === 'OFFSETS_LOST';
      const first = lost ? 'choose where its group goes on' : 'mend what the error names';
      return red(`it has stopped: ${causeOf(error)}`, `${first}, then service.processors.restart('${name}')`);
    }
    const isPaused = state === 'pausing' || state === 'paused';
    if (state !== 'running' && !isPaused) {
      return red(`it is ${state} and reads nothing`, PASSING[state] ?? `service.processors.restart('${name}') starts it`);
    }
    const standing = this.#offsets.of(isPaused ? [] : partitions);
    const trouble = readingTrouble({ ...status, stalledAfterMs, slowFix: SLOW, standing });
    if (trouble !== undefined) return trouble;
    if (isPaused) return green(`it is ${state}, as it was asked to: service.processors.resume('${name}') lets it go on`);
    return green(partitions.length === 0 ? 'other members of its group have all partitions' : `it reads ${partitions.length} partitions`);
  }
}
