import type { Stage } from '../dead-letter/dead-letter.js';
import type { InRecord } from '../kafka/record.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { HandlerCall } from './handler-call.js';
import type { CountedDelivery } from './outcome-tally.js';
import type { Identity } from './settler.js';

/** What a record asks of a handler. */
export interface Task {
  readonly kind: 'task';
  readonly identity: Identity;
  /** What notices call it. */
  readonly name: string;
  /** The first or a further call of the handler; `outer` is aborted when nobody wants its result any more. */
  newCall(attempt: number, outer: AbortSignal): HandlerCall;
}

/** What a record turned out to be. */
export type Finding =
  | Task
  /** Nobody here wants it. */
  | { readonly kind: 'ignored' }
  /** It will be as wrong the next time. `identity` where it could still be read. */
  | { readonly kind: 'broken'; readonly error: unknown; readonly stage: Stage; readonly identity: Identity | undefined };

/**
 * Finds out what a record asks for, and says before it returns which event it is, where it is one. Never throws and never
 * rejects for what stands in the record.
 */
export type FindTask = (record: InRecord, delivery: CountedDelivery) => MaybePromise<Finding>;
