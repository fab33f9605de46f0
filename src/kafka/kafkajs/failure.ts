import { BusbarError, type ErrorCode } from '../../errors.js';
import { connectionFailure, type ConnectionError, type Security } from './connection-failure.js';

interface ClientError extends ConnectionError {
  readonly retriable?: boolean;
  readonly errors?: readonly unknown[];
}

const CODE_BY_TYPE: Readonly<Partial<Record<string, ErrorCode>>> = {
  MESSAGE_TOO_LARGE: 'TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'TOO_LARGE',
  TOPIC_AUTHORIZATION_FAILED: 'AUTHORIZATION_FAILED',
  GROUP_AUTHORIZATION_FAILED: 'AUTHORIZATION_FAILED',
  CLUSTER_AUTHORIZATION_FAILED: 'AUTHORIZATION_FAILED',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'AUTHORIZATION_FAILED',
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: 'AUTHORIZATION_FAILED',
  UNKNOWN_TOPIC_OR_PARTITION: 'TOPIC_MISSING',
  INVALID_TOPIC_EXCEPTION: 'TOPIC_INVALID',
};

/** What a user needs of each kind of resource. */
const RIGHTS: readonly (readonly [type: string, right: string])[] = [
  ['TOPIC_AUTHORIZATION', 'DESCRIBE, DESCRIBE_CONFIGS, READ and WRITE on its topics, and CREATE unless KAFKA_CREATE_TOPICS is false'],
  ['GROUP_AUTHORIZATION', 'READ on its groups, whose names begin with KAFKA_GROUP_ID'],
  ['CLUSTER_AUTHORIZATION', 'CREATE and DESCRIBE on the cluster, or create its topics and set KAFKA_CREATE_TOPICS=false'],
];

/** The error that kafkajs wrapped, as deep as it says anything. */
export function rootOf(error: unknown): ClientError {
  if (!(error instanceof Error)) return new Error(String(error));
  const { errors } = error as ClientError;
  const inner = errors?.[0] ?? error.cause;
  if (!(inner instanceof Error) || inner === error) return error;
  // One of ours about something else than kafkajs: what caused it is not what it says.
  return error instanceof BusbarError && !('retriable' in inner) ? error : rootOf(inner);
}

/** Kafka's name of the error, e.g. `NOT_LEADER_FOR_PARTITION`; undefined when no broker has answered. */
export function protocolType(error: unknown): string | undefined {
  return rootOf(error).type;
}

/** Whether the same request may succeed later by itself. */
export function mayPass(error: unknown, security: Security): boolean {
  const root = rootOf(error);
  if (root instanceof BusbarError) return root.retriable;
  if (root.name === 'KafkaJSLockTimeout' || root.name === 'KafkaJSGroupCoordinatorNotFound') return true;
  // kafkajs calls it final also when the connection was lost during a login.
  if (root.name === 'KafkaJSSASLAuthenticationError') return connectionFailure(root, security)?.passes === true;
  return root.retriable !== false && !/^(Range|Reference|Syntax|Type)Error$/.test(root.name);
}

/** What a kafkajs error means to us. `doing` says what was tried, e.g. `cannot describe topics`. */
export function toBusbarError(error: unknown, doing: string, security: Security): BusbarError {
  const root = rootOf(error);
  if (root instanceof BusbarError) return root;
  const connecting = connectionFailure(root, security);
  const retriable = connecting?.passes ?? mayPass(root, security);
  return new BusbarError(codeOf(root, security), `${doing}: ${reasonOf(root, security)}`, { retriable, cause: root });
}

/** The error in words: of a connection what it probably is, and what to change. */
export function reasonOf(error: unknown, security: Security): string {
  const root = rootOf(error);
  const connecting = connectionFailure(root, security);
  if (connecting !== undefined) return `${connecting.what}; ${connecting.fix}`;
  const right = RIGHTS.find(([type]) => root.type?.startsWith(type));
  return right === undefined ? root.message : `the user of this service may not (${root.message}); grant it ${right[1]}`;
}

export function codeOf(error: unknown, security: Security): ErrorCode {
  const root = rootOf(error);
  if (root instanceof BusbarError) return root.code;
  const connecting = connectionFailure(root, security);
  if (connecting !== undefined) return connecting.code;
  return (root.type === undefined ? undefined : CODE_BY_TYPE[root.type]) ?? 'KAFKA_FAILED';
}
