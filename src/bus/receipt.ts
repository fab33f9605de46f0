import { BusbarError } from '../errors.js';
import type { Envelope, EventMetadata } from '../event/envelope.js';
import type { Place } from './outlet.js';

/** What `publish` resolves to: the envelope, where the event is safe now, and which listeners failed. */
export type Receipt<E extends object = object> = Place & {
  readonly envelope: Envelope<E>;
  /** Empty when every listener ended well. For an event that is staged (`where: 'handler'`) nobody has heard it yet. */
  readonly listenerErrors: readonly ListenerError[];
};

/** A listener that failed (`LISTENER_FAILED`, its error is the cause) or was still running at the deadline (`LISTENER_TIMEOUT`). */
export class ListenerError extends BusbarError {
  /** Name of the function, or `Class.method`. */
  readonly listener: string;

  constructor(code: 'LISTENER_FAILED' | 'LISTENER_TIMEOUT', listener: string, { name, id }: EventMetadata, cause?: unknown) {
    super(code, `the listener ${listener} ${code === 'LISTENER_FAILED' ? 'failed on' : 'was still running on'} ${name} ${id}`, { cause });
    this.listener = listener;
  }
}
