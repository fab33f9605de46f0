import type { ErrorCode } from '../errors.js';
import { BusbarError } from '../errors.js';
import { uuidv5 } from '../event/uuid.js';
import type { InRecord, OutHeaders } from '../kafka/record.js';
import type { StagedRecord } from '../store/store.js';
import { oneLine } from '../telemetry/one-line.js';

/** Where on its way a record could not go on. */
export type Stage = 'name' | 'decode' | 'validate' | 'handle';

/** Why and by whom a record is put aside. */
export interface Failure {
  readonly error: unknown;
  readonly stage: Stage;
  readonly attempts: number;
  readonly firstFailedAt: Date;
  readonly lastFailedAt: Date;
}

export interface DeadLetterOrigin {
  readonly group: string;
  readonly processor: string;
}

/** Readers drop repeats by this id: the same record of the same group has the same one, however often it is written. */
export function deadLetterId(group: string, record: InRecord): string {
  return uuidv5(group, record.topic, String(record.partition), String(record.offset), String(record.timestamp));
}

/**
 * The dead letter of a record: key, value and headers to the byte as they came, and `x-dlq-*` headers in UTF-8 that say
 * what happened. Times are ISO 8601. `topic` is the full name of the dead-letter topic.
 */
export function deadLetterOf(record: InRecord, failure: Failure, origin: DeadLetterOrigin, topic: string): StagedRecord {
  const id = deadLetterId(origin.group, record);
  const headers: OutHeaders = {
    ...untouched(record),
    'x-dlq-id': id,
    'x-dlq-reason': reasonOf(failure.error),
    'x-dlq-code': codeOf(failure.error),
    'x-dlq-stage': failure.stage,
    'x-dlq-topic': record.topic,
    'x-dlq-partition': String(record.partition),
    'x-dlq-offset': String(record.offset),
    'x-dlq-timestamp': String(record.timestamp),
    'x-dlq-group': origin.group,
    'x-dlq-processor': origin.processor,
    'x-dlq-attempts': String(failure.attempts),
    'x-dlq-first-failure': failure.firstFailedAt.toISOString(),
    'x-dlq-last-failure': failure.lastFailedAt.toISOString(),
  };
  return { id, topic, key: record.key, value: record.value, headers, timestamp: Date.now() };
}

function untouched(record: InRecord): OutHeaders {
  const headers: Record<string, Buffer | string | (Buffer | string)[]> = {};
  for (const [name, value] of Object.entries(record.headers)) {
    if (value !== undefined) Object.defineProperty(headers, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return headers;
}

/** Longest reason that is written, in characters: a message may hold whatever an application put there. */
const REASON_LENGTH = 1_000;

/** One line: the message, without control characters. */
function reasonOf(error: unknown): string {
  return oneLine(messageOf(error)).slice(0, REASON_LENGTH);
}

/** A handler may throw anything, also what throws when it is looked at; that must not keep the dead letter back. */
function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return `a thrown ${typeof error} that cannot be read`;
  }
}

/** An error that is not ours came out of a handler. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof BusbarError ? error.code : 'HANDLER_FAILED';
}
