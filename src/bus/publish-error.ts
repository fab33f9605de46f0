import { BusbarError, type ErrorCode } from '../errors.js';
import type { Envelope } from '../event/envelope.js';

/**
 * The only way `publish` rejects for an event that passed validation: it is not known to be safe. `not-sent`: it is
 * certainly not on the log. `unknown`: it may be. Repeating it with the same id is harmless in both cases.
 */
export class PublishError extends BusbarError {
  override readonly name = 'PublishError';
  readonly certainty: 'not-sent' | 'unknown';
  readonly envelope: Envelope;
  /** Whether the listeners in this process have heard it. */
  readonly heard: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    init: { certainty: 'not-sent' | 'unknown'; envelope: Envelope; heard: boolean; retriable?: boolean; cause?: unknown },
  ) {
    super(code, message, { retriable: init.retriable ?? true, cause: init.cause });
    this.certainty = init.certainty;
    this.envelope = init.envelope;
    this.heard = init.heard;
  }
}
