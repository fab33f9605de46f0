import type { Publisher } from '../outbound/publisher.js';
import type { StagedRecord } from '../store/store.js';
import type { Notices } from '../telemetry/notices.js';
import { Abandoned, pause, type Scope } from './scope.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

export interface StagedSenderOptions {
  readonly publisher: Publisher;
  readonly deliveryTimeoutMs: number;
  readonly processor: string;
  readonly notices: Notices;
}

/**
 * Sends what a settled record staged. A send that fails is repeated, with the same id, until it succeeds or the
 * partition is taken away: the record is settled, so the handler must not run again, and giving up would lose the event.
 */
export class StagedSender {
  readonly #options: StagedSenderOptions;
  readonly #failing = new Map<string, { readonly since: Date; readonly error: unknown }>();

  constructor(options: StagedSenderOptions) {
    this.#options = options;
  }

  /** Topics whose sends fail now. */
  get failing(): ReadonlyMap<string, { readonly since: Date; readonly error: unknown }> {
    return this.#failing;
  }

  async send(record: StagedRecord, scope: Scope): Promise<void> {
    const { publisher, deliveryTimeoutMs } = this.#options;
    for (let failures = 0; ; failures++) {
      if (scope.over.aborted) throw new Abandoned();
      try {
        await publisher.send(record, Date.now() + deliveryTimeoutMs);
        this.#failing.delete(record.topic);
        return;
      } catch (error) {
        this.#told(record, error);
        await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures), scope.closing);
      }
    }
  }

  #told({ topic, id }: StagedRecord, error: unknown): void {
    const { notices, processor } = this.#options;
    if (!this.#failing.has(topic)) this.#failing.set(topic, { since: new Date(), error });
    const message = 'a staged record could not be sent; it is tried again and its partition waits';
    notices.raise({ level: 'error', code: 'STAGED_SEND_FAILED', message, error, details: { processor, topic, id } });
  }
}
