import type { ProcessorStatus } from '../../processor/processor-status.js';
import type { Publisher } from '../../outbound/publisher.js';
import { green, red, seconds, type Check, type Finding } from './check.js';

/** A broker that is well acknowledges within milliseconds, and an election takes a few seconds. */
const LONGEST_WAIT_MS = 5_000;

const FIX =
  'look at the brokers and at the in-sync replicas of the topics; the notices SEND_RETRIED and STAGED_SEND_FAILED say what is refused, and all is sent once it can be';

/** Whether what is published is acknowledged. */
export class ProducerCheck implements Check {
  readonly name = 'producer';
  readonly #publisher: Pick<Publisher, 'queued'>;
  readonly #processors: () => Iterable<Pick<ProcessorStatus, 'name' | 'unsent'>>;

  constructor(publisher: Pick<Publisher, 'queued'>, processors: () => Iterable<Pick<ProcessorStatus, 'name' | 'unsent'>>) {
    this.#publisher = publisher;
    this.#processors = processors;
  }

  look(): Finding {
    const { records, oldestMs } = this.#publisher.queued();
    if (oldestMs > LONGEST_WAIT_MS)
      return red(`the oldest of ${records} events has waited ${seconds(oldestMs)} for its acknowledgement`, FIX);
    for (const { name, unsent } of this.#processors()) {
      if (unsent.length > 0) return red(`what processor ${name} has staged for ${unsent.join(', ')} cannot be sent`, FIX);
    }
    return green(records === 0 ? 'nothing waits to be sent' : 'what is published is acknowledged');
  }
}
