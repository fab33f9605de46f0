import { BusbarError, type ErrorCode } from '../errors.js';
import { EventInvalidError } from '../event/event-contract.js';
import type { Violation } from '../event/json-value.js';
import { PublishError } from '../bus/publish-error.js';

/** What is answered besides the codes of `ERROR_CODES`, with the status. The list is closed. */
export const HTTP_ERRORS = {
  REQUEST_INVALID: 400,
  BODY_INVALID: 400,
  HOST_REFUSED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  BODY_TOO_LARGE: 413,
  MEDIA_TYPE_REFUSED: 415,
  HEADERS_TOO_LARGE: 431,
  INTERNAL: 500,
  CLOSING: 503,
} as const;

export type HttpErrorCode = keyof typeof HTTP_ERRORS;

/** What is said of a request that was not done. Never a stack, and never a value out of the request. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode | HttpErrorCode;
    readonly message: string;
    /** Which fields are wrong and why. */
    readonly violations?: readonly Violation[] | undefined;
    /** Of an event that is not known to be safe: whether it is certainly not on the log. */
    readonly certainty?: 'not-sent' | 'unknown' | undefined;
    /** Of that event: repeated with this id it is recognised as the same. */
    readonly id?: string | undefined;
    /** Whether the same request may succeed later by itself. */
    readonly retriable?: boolean | undefined;
  };
}

export interface ErrorAnswer {
  readonly status: number;
  readonly body: ErrorBody;
}

/** A request that is refused before the service sees it. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    readonly code: HttpErrorCode,
    message: string,
    readonly violations?: readonly Violation[],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What the caller can mend. Everything else lies with the service or the brokers, and is 503. */
const CALLERS: Partial<Record<ErrorCode, number>> = {
  ARGUMENT_INVALID: 400,
  TOPIC_INVALID: 400,
  EVENT_UNKNOWN: 404,
  TOPIC_MISSING: 404,
  TOO_LARGE: 413,
  EVENT_INVALID: 422,
  INBOUND_ONLY: 422,
  KEY_MISSING: 422,
  VERSION_UNSUPPORTED: 422,
};

/** An answer is not to be larger than what was asked. */
const MOST_VIOLATIONS = 20;
const LONGEST_PATH = 200;

/** The answer for an error that was raised on purpose; undefined for any other. */
export function answerTo(error: unknown): ErrorAnswer | undefined {
  if (error instanceof HttpError) {
    const { code, message, violations } = error;
    return { status: HTTP_ERRORS[code], body: { error: { code, message, violations } } };
  }
  if (!(error instanceof BusbarError)) return undefined;
  const { code, retriable } = error;
  const violations = error instanceof EventInvalidError ? error.violations.slice(0, MOST_VIOLATIONS).map(shortened) : undefined;
  const unsafe = error instanceof PublishError ? { certainty: error.certainty, id: error.envelope.id } : {};
  return { status: CALLERS[code] ?? 503, body: { error: { code, message: withoutCode(error), violations, ...unsafe, retriable } } };
}

function shortened({ path, ...violation }: Violation): Violation {
  return { path: path.slice(0, LONGEST_PATH), ...violation };
}

/** The code has a field of its own. */
function withoutCode({ code, message }: BusbarError): string {
  const lead = `[${code}] `;
  return message.startsWith(lead) ? message.slice(lead.length) : message;
}
