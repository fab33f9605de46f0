import { isPolicy, type ErrorPolicy } from '../policy/policy.js';
import type { From } from './start-offset.js';

/** How a consumer group reads and what it does about failures. */
export interface ReadingSettings {
  /** Where to begin on topics that the group has never read. Default: `KAFKA_AUTO_OFFSET_RESET`. */
  readonly from?: From | undefined;
  /** Records of one partition handled at the same time, each of another key. Default 1: strictly in log order. */
  readonly concurrency?: number | undefined;
  /** The first line that applies to an error decides. Default: `retry({ attempts: 3, otherwise: deadLetter() })`. */
  readonly onError?: readonly ErrorPolicy[] | undefined;
  /** How long one attempt may take, in ms. Default: 60,000. */
  readonly handlerTimeoutMs?: number | undefined;
  /**
   * How long nothing may be settled of a partition whose records wait before health is red, in ms. Raise it above what
   * a handler takes together with its retries. Default: 7,000.
   */
  readonly stalledAfterMs?: number | undefined;
}

export const DEFAULT_HANDLER_TIMEOUT_MS = 60_000;
/** So that health shows within ten seconds that nothing moves. */
export const DEFAULT_STALLED_AFTER_MS = 7_000;

const NAME = /^[a-z][a-z0-9_-]{0,99}$/;

/** Everything that is wrong with the settings, a sentence each. */
export function readingProblems({ from, concurrency = 1, onError, handlerTimeoutMs = 1, stalledAfterMs = 1 }: ReadingSettings): string[] {
  const problems: string[] = [];
  if (onError !== undefined && !Array.isArray(onError)) problems.push('onError must be a list of policies, e.g. [retry({ attempts: 3 })]');
  else problems.push(...policyProblems(onError ?? []));
  if (from !== undefined && from !== 'earliest' && from !== 'latest')
    problems.push(`from must be 'earliest' or 'latest', not ${JSON.stringify(from)}`);
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 10_000) {
    problems.push(`concurrency must be an integer from 1 to 10,000, not ${concurrency}`);
  }
  if (!(handlerTimeoutMs > 0 && handlerTimeoutMs < 2 ** 31))
    problems.push(`handlerTimeoutMs must be a positive number of ms, not ${handlerTimeoutMs}`);
  if (!(stalledAfterMs > 0)) problems.push(`stalledAfterMs must be a positive number of ms, not ${stalledAfterMs}`);
  return problems;
}

function policyProblems(policies: readonly unknown[]): string[] {
  return policies.flatMap((policy, index) => (isPolicy(policy) ? [] : [`onError[${index}] is no policy: call one, e.g. deadLetter()`]));
}

/** What is wrong with the name of a group; `what` is how the settings call it. */
export function groupNameProblems(what: string, name: unknown): string[] {
  if (typeof name === 'string' && NAME.test(name)) return [];
  return [`${what} ${JSON.stringify(name)} must be 1 to 100 lower-case letters, digits, "-" and "_", beginning with a letter`];
}
