/**
 * Every error that Busbar raises on purpose is a `BusbarError` with one of these codes. The list is closed: an
 * application may switch over it. The text says when the code is used.
 */
export const ERROR_CODES = {
  CONFIG_INVALID: 'a setting has a value that is not allowed; all wrong settings are listed together',
  CONFIG_BOOTSTRAP_MISSING: 'no Kafka servers are configured and the embedded broker was not chosen',
  CONFIG_FILE: 'the configuration file cannot be read or is not YAML',
  NOT_AN_EVENT: 'a class without @DomainEvent was used as an event',
  EVENT_DEFINITION: 'an event class cannot be carried as it is written',
  EVENT_DUPLICATE: 'two event classes have the same name and version',
  EVENT_UNKNOWN: 'the event is not among those that the application registered, or not on this topic',
  EVENT_INVALID: 'the event breaks the rules of its class',
  VERSION_UNSUPPORTED: 'no registered class reads this version of the event',
  KEY_MISSING: 'the topic is keyed and the event has no key',
  INBOUND_ONLY: 'the event comes from outside only and may not be published here',
  ECHO: 'the very event that came in from outside was published again',
  BUS_CLOSED: 'the bus takes no more events',
  BUFFER_FULL: 'the outbound queue stayed full until the delivery deadline',
  CIRCUIT_OPEN: 'nothing on the topic was acknowledged for half of the delivery timeout: new events for it are refused for now',
  DELIVERY_TIMEOUT: 'the record was not acknowledged before the delivery deadline',
  TOO_LARGE: 'the encoded record is larger than the topic takes',
  LISTENER_FAILED: 'a listener threw or rejected',
  LISTENER_TIMEOUT: 'a listener was still running at the delivery deadline',
  UNNAMEABLE: 'the name of a record cannot be determined',
  UNDECODABLE: 'the value of a record cannot be decoded',
  HANDLER_FAILED: 'a handler threw or rejected',
  HANDLER_TIMEOUT: 'a handler ran longer than handlerTimeoutMs',
  HANDLER_STUCK: 'a handler did not end after it was told to; its partition waits',
  UNDECLARED_OUTPUT: 'a handler published an event that its processor does not name in `publishes`',
  ATTEMPT_OVER: 'publish or transaction was called on a context whose attempt is over',
  NOT_IN_PROCESSOR: 'transaction was called outside a processor',
  STORE_MISSING: 'transaction needs a store and none is configured',
  STORE_FAILED: 'the store answered with an error',
  STORE_CLOSED: 'the store is not open',
  TRANSACTION_ASYNC: 'a work on a synchronous store returned a promise and was rolled back',
  TRANSACTION_CONTROL: 'a work tried to begin or end the transaction that it runs in',
  OFFSETS_LOST: 'the committed offset of a partition is gone or out of range; nothing was reset',
  BROKER_UNREACHABLE: 'no broker could be reached',
  TLS_FAILED: 'no encrypted connection came about: a certificate was refused, or one side has no TLS',
  AUTHENTICATION_FAILED: 'the broker refused the credentials',
  AUTHORIZATION_FAILED: 'the broker refused the operation for this user',
  BATCH_UNREADABLE: 'a batch of a partition is damaged, or cannot be decompressed; the partition waits',
  COMPRESSION_MISSING: 'what a compression needs is not there: a package, or a newer Node.js',
  TOPIC_MISSING: 'the topic does not exist and may not be created',
  TOPIC_INVALID: 'Kafka does not allow this topic name',
  KAFKA_FAILED: 'Kafka answered with an error that has no code of its own here',
  WIRING_INVALID: 'the application is put together wrongly; all findings are listed together',
  ARGUMENT_INVALID: 'a call was given something that it does not take; everything that is wrong is listed together',
  ILLEGAL_TRANSITION: 'the lifecycle does not allow this call now',
  EMBEDDED_NOT_BUILT: 'the embedded broker was not built in this checkout',
  EMBEDDED_FAILED: 'the embedded broker could not start or refused an operation',
  EMBEDDED_CRASHED: 'the embedded broker ended unexpectedly',
  LISTEN_FAILED: 'the HTTP server could not listen where it was told to',
  DATA_DIR_IN_USE: 'another process uses this data directory',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface BusbarErrorOptions {
  /** Whether the same call may succeed later without anybody changing anything. Default: false. */
  readonly retriable?: boolean | undefined;
  readonly cause?: unknown;
}

/** An error with a closed `code`. The code stands in front of the message, so that a log line is enough to find it. */
export class BusbarError extends Error {
  override readonly name: string = 'BusbarError';
  readonly code: ErrorCode;
  readonly retriable: boolean;

  constructor(code: ErrorCode, message: string, options: BusbarErrorOptions = {}) {
    super(`[${code}] ${message}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retriable = options.retriable ?? false;
  }
}
