import { BusbarError, type BusbarErrorOptions, type ErrorCode } from '../errors.js';

/** Rejection of `KafkaDriver.produce`: all or none of the batch is on the log, and `certainty` says what is known. */
export class ProduceError extends BusbarError {
  override readonly name = 'ProduceError';
  /** `not-sent`: certainly not on the log. `unknown`: it may be. */
  readonly certainty: 'not-sent' | 'unknown';

  constructor(code: ErrorCode, message: string, init: BusbarErrorOptions & { readonly certainty: 'not-sent' | 'unknown' }) {
    super(code, message, init);
    this.certainty = init.certainty;
  }
}
