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

  /** The same failure as whoever published learns it; `certainty` counts for errors that do not say it themselves. */
  static from(error: unknown, init: { certainty: 'not-sent' | 'unknown'; envelope: Envelope; heard: boolean }): PublishError {
    if (error instanceof PublishError) {
      if (error.heard === init.heard) return error;
      const { code, certainty, retriable } = error;
      return new PublishError(code, withoutCode(error), { ...init, certainty, retriable, cause: error });
    }
    if (error instanceof BusbarError) {
      return new PublishError(error.code, withoutCode(error), { ...init, retriable: error.retriable, cause: error });
    }
    return new PublishError('KAFKA_FAILED', 'the event could not be handed over', { ...init, cause: error });
  }
}

function withoutCode({ message, code }: BusbarError): string {
  return message.startsWith(`[${code}] `) ? message.slice(code.length + 3) : message;
}
