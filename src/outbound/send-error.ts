import { BusbarError, type BusbarErrorOptions, type ErrorCode } from '../errors.js';

/** A ready-made record is not known to be on the log. `not-sent`: it certainly is not. `unknown`: it may be. */
export class SendError extends BusbarError {
  override readonly name = 'SendError';
  readonly certainty: 'not-sent' | 'unknown';

  constructor(code: ErrorCode, message: string, init: BusbarErrorOptions & { readonly certainty: 'not-sent' | 'unknown' }) {
    super(code, message, init);
    this.certainty = init.certainty;
  }
}
