import type { ProcessorStatus } from '../../processor/processor-status.js';
import type { Publisher } from '../../outbound/publisher.js';
import { green, red, seconds, type Check, type Finding } from './check.js';

/** A broker that is well acknowledges within milliseconds, and an election takes a few seconds. */
const LONGEST_WAIT_MS = 5_000;

const FIX =
  'look at the brokers and at the in-sync replicas of the topics; the notices SEND_RETRIED, CIRCUIT_OPENED and STAGED_SEND_FAILED say what is refused, and all is sent once it can be';

/** Whether what is published is acknowledged. */
export class ProducerCheck implements Check {
  readonly name = 'producer';
  readonly #publisher: Pick<Publisher, 'queued' | 'interruptions'>;
  readonly #processors: () => Iterable<Pick<ProcessorStatus, 'name' | 'unsent'>>;

  constructor(
    publisher: Pick<Publisher, 'queued' | 'interruptions'>,
    processors: () => Iterable<Pick<ProcessorStatus, 'name' | 'unsent'>>,
  ) {
    this.#publisher = publisher;
    this.#processors = processors;
  }

  look(): Finding {
    const refusals = this.#publisher.interruptions().filter(({ refuses }) => refuses);
    const [refusal] = refusals;
    if (refusal !== undefined) {
      const more = refusals.length === 1 ? '' : `; ${refusals.length - 1} more topics like it`;
      return red(`[CIRCUIT_OPEN] events for ${refusal.topic} are refused: ${refusal.reason}${more}`, FIX);
    }
    const { records, oldestMs } = this.#publisher.queued();
    if (oldestMs > LONGEST_WAIT_MS)
      return red(`the oldest of ${records} events has waited ${seconds(oldestMs)} for its acknowledgement`, FIX);
    for (const { name, unsent } of this.#processors()) {
      if (unsent.length > 0) return red(`what processor ${name} has staged for ${unsent.join(', ')} cannot be sent`, FIX);
    }
    return green(records === 0 ? 'nothing waits to be sent' : 'what is published is acknowledged');
  }
}
