import { insteadOf } from '../config/nearest.js';
import { BusbarError } from '../errors.js';

/** Puts the record, untouched, on the dead-letter topic, and goes on. */
export interface DeadLetterPolicy {
  readonly kind: 'deadLetter';
}

/** Goes on without the record: its effects are lost, a notice says so. */
export interface SkipPolicy {
  readonly kind: 'skip';
}

/** Stops the processor before this record; nothing is lost, nothing goes on until somebody looks. */
export interface FailPolicy {
  readonly kind: 'fail';
}

/** What may follow when all attempts have failed. */
export type FinalPolicy = DeadLetterPolicy | SkipPolicy | FailPolicy;

/** Tries again in place: the records behind it on its key (with `concurrency: 1`, on its partition) wait. */
export interface RetryPolicy {
  readonly kind: 'retry';
  readonly attempts: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  readonly otherwise: FinalPolicy;
}

/** A policy for errors of one kind only. */
export interface OnErrorOfPolicy {
  readonly kind: 'onErrorOf';
  readonly matches: (error: unknown) => boolean;
  readonly policy: RetryPolicy | FinalPolicy;
}

/** One line of `onError`: the first that applies to an error decides. */
export type ErrorPolicy = RetryPolicy | FinalPolicy | OnErrorOfPolicy;

export const deadLetter = (): DeadLetterPolicy => ({ kind: 'deadLetter' });
export const skip = (): SkipPolicy => ({ kind: 'skip' });
export const fail = (): FailPolicy => ({ kind: 'fail' });

export interface RetryOptions {
  /** Attempts in all, the first included. At least 1. */
  readonly attempts: number;
  /** Pause before the second attempt, in ms; doubled each time, with up to 20 % of chance added. Default: 100. */
  readonly backoffMs?: number | undefined;
  /** Longest pause, in ms; at most 2,147,483,647, the longest that a timer can wait. Default: 10,000. */
  readonly maxBackoffMs?: number | undefined;
  /** What follows the last failed attempt. Default: `deadLetter()`. */
  readonly otherwise?: FinalPolicy | undefined;
}

const RETRY_OPTIONS = Object.keys({
  attempts: true,
  backoffMs: true,
  maxBackoffMs: true,
  otherwise: true,
} satisfies Record<keyof RetryOptions, true>);

/**
 * Throws a `RangeError` for a number of attempts or a pause that makes no sense, `WIRING_INVALID` for an option that does
 * not exist and for an `otherwise` that is no policy.
 */
export function retry(options: RetryOptions): RetryPolicy {
  const { attempts, backoffMs = 100, maxBackoffMs = 10_000, otherwise = deadLetter() } = options;
  for (const option of Object.keys(options)) {
    if (RETRY_OPTIONS.includes(option)) continue;
    throw new BusbarError('WIRING_INVALID', `retry: ${option} is no option: ${insteadOf(option, RETRY_OPTIONS)}`);
  }
  if (!Number.isInteger(attempts) || attempts < 1) throw new RangeError(`retry: attempts must be a positive integer, not ${attempts}`);
  if (!(backoffMs >= 0) || !(maxBackoffMs >= backoffMs) || maxBackoffMs >= 2 ** 31) {
    throw new RangeError(`retry: 0 <= backoffMs <= maxBackoffMs < 2^31 is needed, not ${backoffMs} and ${maxBackoffMs}`);
  }
  if (!isPolicy(otherwise)) throw new BusbarError('WIRING_INVALID', 'retry: otherwise is no policy: call one, e.g. deadLetter()');
  return { kind: 'retry', attempts, backoffMs, maxBackoffMs, otherwise };
}

const KINDS: readonly unknown[] = ['retry', 'deadLetter', 'skip', 'fail', 'onErrorOf'] satisfies ErrorPolicy['kind'][];

/** Whether something is a policy: plain JavaScript may give the function that makes one. */
export function isPolicy(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false;
  const { kind, policy } = given as Partial<OnErrorOfPolicy>;
  return KINDS.includes(kind) && (kind !== 'onErrorOf' || isPolicy(policy));
}

type ErrorClass = abstract new (...args: never[]) => unknown;

/** Applies `policy` to errors of this class (or those the predicate accepts), and leaves the others to the next line. */
export function onErrorOf(type: ErrorClass | ((error: unknown) => boolean), policy: RetryPolicy | FinalPolicy): OnErrorOfPolicy {
  return { kind: 'onErrorOf', matches: isClass(type) ? (error) => error instanceof type : type, policy };
}

function isClass(type: ErrorClass | ((error: unknown) => boolean)): type is ErrorClass {
  return type === Error || type.prototype instanceof Error || /^class\b/.test(Function.prototype.toString.call(type));
}
