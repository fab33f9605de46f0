import type { Publisher } from '../outbound/publisher.js';
import type { StagedRecord } from '../store/store.js';
import type { Notices } from '../telemetry/notices.js';
import type { OutcomeTally } from './outcome-tally.js';
import { Abandoned, pause, type Scope } from './scope.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

export interface StagedSenderOptions {
  readonly publisher: Publisher;
  readonly deliveryTimeoutMs: number;
  readonly processor: string;
  readonly tally: OutcomeTally;
  readonly notices: Notices;
}

/**
 * Sends what a settled record staged. A send that fails is repeated, with the same id, until it succeeds or the
 * partition is taken away: the record is settled, so the handler must not run again, and giving up would lose the event.
 */
export class StagedSender {
  readonly #options: StagedSenderOptions;
  /** Records that could not be sent and are tried again. */
  readonly #failing = new Set<StagedRecord>();

  constructor(options: StagedSenderOptions) {
    this.#options = options;
  }

  /** Topics whose sends fail now. */
  get failing(): readonly string[] {
    return [...new Set([...this.#failing].map(({ topic }) => topic))];
  }

  async send(record: StagedRecord, scope: Scope): Promise<void> {
    try {
      for (let failures = 0; !(await this.#isSent(record, scope)); failures++) {
        await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures), scope.closing);
      }
    } finally {
      this.#failing.delete(record);
    }
  }

  async #isSent(record: StagedRecord, scope: Scope): Promise<boolean> {
    const { publisher, deliveryTimeoutMs } = this.#options;
    if (scope.over.aborted) throw new Abandoned();
    try {
      await publisher.sendStaged(record, Date.now() + deliveryTimeoutMs);
      return true;
    } catch (error) {
      this.#failing.add(record);
      this.#tell(record, error);
      return false;
    }
  }

  #tell({ topic, id }: StagedRecord, error: unknown): void {
    const { notices, processor, tally } = this.#options;
    tally.failed(error);
    const message = 'a staged record could not be sent; it is tried again and its partition waits';
    notices.raise({ level: 'error', code: 'STAGED_SEND_FAILED', message, error, details: { processor, topic, id } });
  }
}
