import { BusbarError, type ErrorCode } from '../../errors.js';

interface ClientError extends Error {
  readonly type?: string;
  readonly code?: unknown;
  readonly retriable?: boolean;
  readonly errors?: readonly unknown[];
}

const CODE_BY_TYPE: Readonly<Record<string, ErrorCode>> = {
  MESSAGE_TOO_LARGE: 'TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'TOO_LARGE',
  TOPIC_AUTHORIZATION_FAILED: 'AUTHORIZATION_FAILED',
  GROUP_AUTHORIZATION_FAILED: 'AUTHORIZATION_FAILED',
  CLUSTER_AUTHORIZATION_FAILED: 'AUTHORIZATION_FAILED',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'AUTHORIZATION_FAILED',
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: 'AUTHORIZATION_FAILED',
  SASL_AUTHENTICATION_FAILED: 'AUTHENTICATION_FAILED',
  UNSUPPORTED_SASL_MECHANISM: 'AUTHENTICATION_FAILED',
  ILLEGAL_SASL_STATE: 'AUTHENTICATION_FAILED',
  UNKNOWN_TOPIC_OR_PARTITION: 'TOPIC_MISSING',
  INVALID_TOPIC_EXCEPTION: 'TOPIC_INVALID',
};

const UNREACHABLE = new Set(['KafkaJSConnectionError', 'KafkaJSConnectionClosedError', 'KafkaJSRequestTimeoutError']);

/** The error that kafkajs wrapped, as deep as it says anything. */
export function rootOf(error: unknown): ClientError {
  if (!(error instanceof Error)) return new Error(String(error));
  const { errors } = error as ClientError;
  const inner = errors?.[0] ?? error.cause;
  return inner instanceof Error && inner !== error ? rootOf(inner) : error;
}

/** Kafka's name of the error, e.g. `NOT_LEADER_FOR_PARTITION`; undefined when no broker has answered. */
export function protocolType(error: unknown): string | undefined {
  return rootOf(error).type;
}

/** Whether the same request may succeed later by itself. */
export function mayPass(error: unknown): boolean {
  const root = rootOf(error);
  if (root instanceof BusbarError) return root.retriable;
  if (root.name === 'KafkaJSLockTimeout' || root.name === 'KafkaJSGroupCoordinatorNotFound') return true;
  return root.retriable !== false && !/^(Range|Reference|Syntax|Type)Error$/.test(root.name);
}

/** What a kafkajs error means to us. `doing` says what was tried, e.g. `cannot describe topics`. */
export function toBusbarError(error: unknown, doing: string, brokers: readonly string[]): BusbarError {
  const root = rootOf(error);
  if (root instanceof BusbarError) return root;
  const code = codeOf(root);
  const options = { retriable: code === 'BROKER_UNREACHABLE' || mayPass(root), cause: root };
  if (code !== 'BROKER_UNREACHABLE') return new BusbarError(code, `${doing}: ${root.message}`, options);
  return new BusbarError(code, `${doing}: no answer from ${brokers.join(', ')} (${root.message})${hint(root)}`, options);
}

export function codeOf(error: unknown): ErrorCode {
  const { type, name } = rootOf(error);
  if (type !== undefined && type in CODE_BY_TYPE) return CODE_BY_TYPE[type]!;
  if (name === 'KafkaJSSASLAuthenticationError') return 'AUTHENTICATION_FAILED';
  return UNREACHABLE.has(name) ? 'BROKER_UNREACHABLE' : 'KAFKA_FAILED';
}

/** A broker that speaks TLS or SASL, and is not spoken to so, just hangs up; where none is, nobody answers. */
function hint(root: ClientError): string {
  if (/ECONNREFUSED|ENOTFOUND/.test(root.message)) return '; check KAFKA_BOOTSTRAP_SERVERS, and that Kafka runs there';
  const hungUp = root.name === 'KafkaJSConnectionClosedError' || /closed|reset|disconnected|TLS|SSL/i.test(root.message);
  return hungUp ? '; a broker that hangs up often expects other security settings (TLS, SASL)' : '';
}
