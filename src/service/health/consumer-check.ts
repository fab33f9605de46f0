import type { ConsumerRunner } from '../client/consumer-runner.js';
import type { LagReading } from '../lag-watch.js';
import { causeOf } from './cause-of.js';
import { fatal, green, red, type Check, type Finding } from './check.js';
import { readingTrouble } from './reading.js';
import { StandingOffsets } from './standing-offsets.js';

const SLOW =
  'see what the handler waits for, and bound that wait. One that is meant to take so long needs a larger stalledAfterMs in the options of consume';

/** Whether a consumer of messages gets on with them. */
export class ConsumerCheck implements Check {
  readonly name: string;
  readonly #consumer: ConsumerRunner;
  readonly #offsets: StandingOffsets;

  constructor(consumer: ConsumerRunner, lag: () => LagReading | undefined) {
    this.name = `consumer ${consumer.group}`;
    this.#consumer = consumer;
    this.#offsets = new StandingOffsets(lag);
  }

  look(): Finding {
    const { state, error, stuck, group, stalledAfterMs } = this.#consumer;
    const [first] = stuck;
    if (first !== undefined) {
      const fix = 'let the handler end when its signal is aborted; restart the process to go on now';
      return fatal(`a handler does not end, and ${first.topic}/${first.partition} waits for it`, fix);
    }
    if (state === 'failed') {
      const fix = `mend what its message says, then consume as '${group}' again: it goes on at the first message that is not settled`;
      return red(`it has stopped: ${causeOf(error)}`, fix);
    }
    if (state !== 'running') return green(`it is ${state}`);
    const reading = this.#consumer.reading();
    const { partitions } = reading;
    const trouble = readingTrouble({ ...reading, stalledAfterMs, slowFix: SLOW, standing: this.#offsets.of(partitions) });
    if (trouble !== undefined) return trouble;
    return green(partitions.length === 0 ? 'other members of its group have all partitions' : `it reads ${partitions.length} partitions`);
  }
}
