import { BusbarError } from '../errors.js';
import { deadLetter, retry, type ErrorPolicy, type FinalPolicy, type OnErrorOfPolicy, type RetryPolicy } from './policy.js';

/** What to do about an error now. */
export type Decision = { readonly action: 'retry'; readonly delayMs: number } | { readonly action: FinalPolicy['kind'] };

/** Where no line of `onError` applies. */
const FALLBACK: RetryPolicy = retry({ attempts: 3, otherwise: deadLetter() });

/** What the policies say of a failed attempt; `attempt` counts from 1. */
export function decide(policies: readonly ErrorPolicy[], error: unknown, attempt: number): Decision {
  if (isInTheCode(error)) return { action: decideFinal(policies, error) };
  const policy = policyFor(policies, error);
  if (policy.kind !== 'retry') return { action: policy.kind };
  if (attempt >= policy.attempts) return { action: policy.otherwise.kind };
  return { action: 'retry', delayMs: backoff(policy, attempt) };
}

/** What they say of a record that will be as wrong the next time: its attempts count as used up. */
export function decideFinal(policies: readonly ErrorPolicy[], error: unknown): FinalPolicy['kind'] {
  const policy = policyFor(policies, error);
  return policy.kind === 'retry' ? policy.otherwise.kind : policy.kind;
}

/** Wrong in the code of the processor: no attempt of this process can go better. */
function isInTheCode(error: unknown): boolean {
  return error instanceof BusbarError && error.code === 'UNDECLARED_OUTPUT';
}

/** Whether some error may end on the dead-letter topic. */
export function mayDeadLetter(policies: readonly ErrorPolicy[]): boolean {
  for (const policy of policies) {
    const applied = policy.kind === 'onErrorOf' ? policy.policy : policy;
    if ((applied.kind === 'retry' ? applied.otherwise : applied).kind === 'deadLetter') return true;
    if (policy.kind !== 'onErrorOf') return false; // whatever comes behind it never applies
  }
  return FALLBACK.otherwise.kind === 'deadLetter';
}

function policyFor(policies: readonly ErrorPolicy[], error: unknown): RetryPolicy | FinalPolicy {
  for (const policy of policies) {
    if (policy.kind !== 'onErrorOf') return policy;
    if (applies(policy, error)) return policy.policy;
  }
  return FALLBACK;
}

/** Throws an `AggregateError` of the error and what the predicate threw: without an answer nothing can be decided. */
function applies({ matches }: OnErrorOfPolicy, error: unknown): boolean {
  try {
    return matches(error);
  } catch (thrown) {
    throw new AggregateError([error, thrown], 'a predicate of onErrorOf threw, so nothing was decided about the error');
  }
}

function backoff({ backoffMs, maxBackoffMs }: RetryPolicy, attempt: number): number {
  const chance = 1 + Math.random() * 0.2;
  return Math.min(maxBackoffMs, backoffMs * 2 ** (attempt - 1) * chance);
}
