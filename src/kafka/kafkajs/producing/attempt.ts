import type { IHeaders, Message } from 'kafkajs';

import type { WireRecord } from '../../record.js';

/** Thrown into kafkajs instead of the bytes of a batch that was given up. */
class GivenUp extends Error {
  readonly retriable = false;
}

/**
 * A batch as kafkajs takes it, that knows whether it may have left. kafkajs reads the headers of a message exactly
 * when it writes the request into an open connection, after every wait and lookup; there the attempt is counted, and
 * refused once the batch was given up. So "not sent" is certain although kafkajs cannot be told to stop.
 */
export class BatchAttempt {
  readonly messages: Message[];
  #written = 0;
  #givenUp = false;

  readonly #onWritten: () => void;

  constructor(partition: number, records: readonly WireRecord[], onWritten: () => void) {
    this.#onWritten = onWritten;
    this.messages = records.map(({ key, value, headers, timestamp }) => ({
      partition,
      key,
      value,
      // An own property with a getter is read once per encoding; the type wants a mutable copy of what we never change.
      headers: headers as IHeaders,
      timestamp: String(timestamp),
    }));
    const [first] = this.messages;
    const headers = first!.headers;
    Object.defineProperty(first, 'headers', { enumerable: true, get: () => this.#encode(headers) });
    // This is how kafkajs sorts messages by partition, copying what it has so far for every message. Here there is one partition.
    Object.defineProperty(this.messages, 'reduce', { value: () => ({ [partition]: this.messages }) });
  }

  /** How often the batch was written without being refused for certain. */
  get written(): number {
    return this.#written;
  }

  /** The broker answered the only writing with a refusal. */
  refused(): void {
    this.#written = 0;
  }

  /** The batch will not be written again. */
  giveUp(): void {
    this.#givenUp = true;
  }

  #encode(headers: IHeaders | undefined): IHeaders | undefined {
    if (this.#givenUp) throw new GivenUp('the batch was given up');
    this.#written++;
    this.#onWritten();
    return headers;
  }
}
