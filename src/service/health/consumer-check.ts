import type { ConsumerRunner } from '../client/consumer-runner.js';
import { causeOf } from './cause-of.js';
import { fatal, green, red, type Check, type Finding } from './check.js';

/** Whether a consumer of messages reads. */
export class ConsumerCheck implements Check {
  readonly name: string;
  readonly #consumer: ConsumerRunner;

  constructor(consumer: ConsumerRunner) {
    this.name = `consumer ${consumer.group}`;
    this.#consumer = consumer;
  }

  look(): Finding {
    const { state, error, stuck, group } = this.#consumer;
    const [first] = stuck;
    if (first !== undefined) {
      const fix = 'let the handler end when its signal is aborted; restart the process to go on now';
      return fatal(`a handler does not end, and ${first.topic}/${first.partition} waits for it`, fix);
    }
    if (state !== 'failed') return green(`it is ${state}`);
    const fix = `mend what its message says, then consume as '${group}' again: it goes on at the first message that is not settled`;
    return red(`it has stopped: ${causeOf(error)}`, fix);
  }
}
