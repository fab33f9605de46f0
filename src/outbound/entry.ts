import type { WireRecord } from '../kafka/record.js';
import type { Failure } from './failure.js';

/** Where a record is on the log. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Whoever waits for a record; told `placed` at most once, and then or instead one of the other two. */
export interface Receiver {
  /** It has its place in the queue. */
  placed(): void;
  sent(position: Position): void;
  failed(failure: Failure): void;
}

/**
 * One record on its way through the queue, from the call until it is settled. Its deadline ends the waiting of the
 * caller, whatever the driver is doing then.
 */
export class Entry {
  readonly topic: string;
  /** In ms since 1970. */
  readonly deadline: number;
  /** When the call came, in ms since 1970. */
  readonly since = Date.now();
  /** Undefined until it is encoded. */
  record: WireRecord | undefined;
  bytes = 0;
  /** Counted by `Room`. */
  inRoom = false;
  /** Stands in line for the room. */
  inLine = false;
  /** With the driver now. */
  inFlight = false;
  settled = false;
  /** The last thing that went wrong with it, while it is tried again. */
  trouble: Failure | undefined;
  readonly #receiver: Receiver;
  readonly #onSettled: (entry: Entry, failure?: Failure) => void;
  #maybeWritten = false;

  constructor(topic: string, deadline: number, receiver: Receiver, onSettled: (entry: Entry, failure?: Failure) => void) {
    this.topic = topic;
    this.deadline = deadline;
    this.#receiver = receiver;
    this.#onSettled = onSettled;
  }

  encoded(record: WireRecord, bytes: number): void {
    this.record = record;
    this.bytes = bytes;
  }

  placed(): void {
    this.#receiver.placed();
  }

  /** An attempt has failed; another may follow. Once in doubt, always in doubt: a later certainty is about that attempt only. */
  attemptFailed(failure: Failure): void {
    this.inFlight = false;
    this.trouble = failure;
    if (failure.certainty === 'unknown') this.#maybeWritten = true;
  }

  sent(partition: number, offset: number): void {
    this.inFlight = false;
    if (this.settled) return;
    this.settled = true;
    this.#receiver.sent({ topic: this.topic, partition, offset });
    this.#onSettled(this);
  }

  failed(failure: Failure): void {
    if (this.settled) return;
    this.settled = true;
    const doubtful = this.inFlight || this.#maybeWritten;
    this.#receiver.failed(doubtful ? { ...failure, certainty: 'unknown' } : failure);
    this.#onSettled(this, failure);
  }

  /** Its deadline has passed in the queue or with the driver. */
  timedOut(): void {
    const where = this.inFlight ? 'was with the broker' : 'waited to be sent';
    const why = this.trouble === undefined ? '' : `; last: ${this.trouble.reason}`;
    this.failed({
      code: 'DELIVERY_TIMEOUT',
      reason: `the record for ${this.topic} ${where} at its deadline${why}`,
      certainty: 'not-sent',
      retriable: true,
      cause: this.trouble?.cause,
    });
  }
}
