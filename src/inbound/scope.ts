import { BusbarError } from '../errors.js';
import type { KeyedChain } from './keyed-chain.js';

/**
 * How long what is done for a record is still wanted. A partition that is being taken away, or has to begin again,
 * first closes its scope (begin nothing new, end the pauses) and later, when the time to finish is over, ends it.
 */
export interface Scope {
  /** Aborted: no further attempt, no pause. What runs may finish. */
  readonly closing: AbortSignal;
  /** Aborted: whatever still runs has no effect any more. */
  readonly over: AbortSignal;
  /** Keeps what is sent for records of one key in their order. */
  readonly chain: KeyedChain;
}

/** Ends a delivery without an outcome: the record will be delivered again, here or elsewhere. */
export class Abandoned extends Error {
  override readonly name = 'Abandoned';
}

/** The store failed: the partition begins again at its first unsettled record, after a pause. */
export class BeginAgain extends Error {
  override readonly name = 'BeginAgain';
  constructor(override readonly cause: unknown) {
    super('the store failed while a record was settled');
  }
}

/** `fail()` was decided for an error: the processor stops before this record. */
export class ProcessorFailed extends BusbarError {
  constructor(cause: unknown, where: string) {
    super('HANDLER_FAILED', `a record failed and the policy is to stop: ${where}`, { cause });
  }
}

/** A pause of `ms` that ends at once, with `Abandoned`, when the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Abandoned());
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, ms);
    function end(): void {
      clearTimeout(timer);
      reject(new Abandoned());
    }
    signal.addEventListener('abort', end, { once: true });
  });
}

/** The scope itself, after something was awaited that is no part of an attempt; throws `Abandoned` when it was closed meanwhile. */
export function stillOpen(scope: Scope): Scope {
  if (scope.closing.aborted) throw new Abandoned();
  return scope;
}

/** Waits for `work`, which does not reject; rejects with `Abandoned` as soon as the scope closes. */
export async function unlessClosing(work: Promise<unknown>, { closing }: Scope): Promise<void> {
  let leave: (() => void) | undefined;
  const closed = new Promise<never>((_, reject) => {
    leave = () => reject(new Abandoned());
    if (closing.aborted) leave();
    else closing.addEventListener('abort', leave, { once: true });
  });
  try {
    await Promise.race([work, closed]);
  } finally {
    if (leave !== undefined) closing.removeEventListener('abort', leave);
  }
}
