import { BusbarError, type ErrorCode } from '../errors.js';
import { ProduceError } from '../kafka/produce-error.js';

/** Why a record is not known to be on the log, before it becomes the error of whoever waits for it. */
export interface Failure {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly certainty: 'not-sent' | 'unknown';
  readonly retriable: boolean;
  readonly cause?: unknown;
}

/** A failure before anything was handed to the driver. What is no `BusbarError` is taken for a fault of the event. */
export function notSent(error: unknown): Failure {
  if (error instanceof BusbarError) return { ...described(error), certainty: 'not-sent' };
  return {
    code: 'EVENT_INVALID',
    reason: `the event cannot be encoded: ${String(error)}`,
    certainty: 'not-sent',
    retriable: false,
    cause: error,
  };
}

/** An attempt that failed inside the driver, which repeats it. */
export function attemptFailed(error: BusbarError): Failure {
  return { ...described(error), certainty: 'unknown' };
}

/** A rejection of `KafkaDriver.produce`. Of an error that says nothing of the log, the worst is assumed. */
export function produceFailure(error: unknown): Failure {
  if (error instanceof ProduceError) return { ...described(error), certainty: error.certainty };
  if (error instanceof BusbarError) return { ...described(error), certainty: 'unknown' };
  return { code: 'KAFKA_FAILED', reason: `the driver failed: ${String(error)}`, certainty: 'unknown', retriable: false, cause: error };
}

function described(error: BusbarError): Pick<Failure, 'code' | 'reason' | 'retriable' | 'cause'> {
  const lead = `[${error.code}] `;
  const reason = error.message.startsWith(lead) ? error.message.slice(lead.length) : error.message;
  return { code: error.code, reason, retriable: error.retriable, cause: error };
}
