import type { Accepted, Place } from '../bus/outlet.js';
import { PublishError } from '../bus/publish-error.js';
import type { Envelope } from '../event/envelope.js';
import type { Position, Receiver } from './entry.js';
import type { Failure } from './failure.js';

/** What the bus is told of an envelope: first that it has its place in the queue, then where it is safe. */
export class Acceptance implements Receiver {
  readonly accepted: Promise<Accepted>;
  readonly #envelope: Envelope;
  #accept!: (accepted: Accepted) => void;
  #reject!: (error: PublishError) => void;
  #safe!: (place: Place) => void;

  constructor(envelope: Envelope) {
    this.#envelope = envelope;
    this.accepted = new Promise((resolve, reject) => {
      this.#accept = resolve;
      this.#reject = reject;
    });
  }

  placed(): void {
    const safe = new Promise<Place>((resolve, reject) => {
      this.#safe = resolve;
      this.#reject = reject;
    });
    this.#accept({ safe });
  }

  sent({ topic, partition, offset }: Position): void {
    this.#safe({ where: 'kafka', topic, partition, offset });
  }

  failed({ code, reason, certainty, retriable, cause }: Failure): void {
    this.#reject(new PublishError(code, reason, { certainty, envelope: this.#envelope, heard: false, retriable, cause }));
  }
}
