import { BusbarError } from '../errors.js';
import type { InRecord } from '../kafka/record.js';
import type { Notices } from '../telemetry/notices.js';
import type { TopicPartition } from './inbound.js';
import type { OutcomeTally } from './outcome-tally.js';

export interface StuckHandlersOptions {
  /** Whose handlers they are, in a notice. */
  readonly details: Readonly<Record<string, string>>;
  /** What is said of each. */
  readonly message: string;
  readonly tally: OutcomeTally;
  readonly notices: Notices;
}

/** Handlers that did not end in time and still run. */
export class StuckHandlers {
  readonly #options: StuckHandlersOptions;
  readonly #places = new Set<TopicPartition>();

  constructor(options: StuckHandlersOptions) {
    this.#options = options;
  }

  get places(): readonly TopicPartition[] {
    return [...this.#places];
  }

  /** `ended` settles when the handler of the record does. */
  add({ topic, partition, offset }: InRecord, ended: Promise<unknown>): void {
    const { details, message, tally, notices } = this.#options;
    const at: TopicPartition = { topic, partition };
    this.#places.add(at);
    const end = (): void => void this.#places.delete(at);
    ended.then(end, end);
    tally.failed(new BusbarError('HANDLER_STUCK', `${message} (${topic}/${partition}@${offset})`));
    notices.raise({ level: 'error', code: 'HANDLER_STUCK', message, details: { ...details, topic, partition, offset } });
  }
}
