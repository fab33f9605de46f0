import type { InRecord } from '../kafka/record.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { SettledOutcome, SqlTransaction, StagedRecord } from '../store/store.js';
import type { HandlerCall, Staged } from './handler-call.js';
import type { Handled } from './line-options.js';
import type { Scope } from './scope.js';

/** By what a record is recognised when it comes again. */
export interface Identity {
  readonly source: string;
  readonly id: string;
}

/** What was decided for a record: its outcome, what it does to the store, and what leaves with it. */
export interface Conclusion {
  readonly record: InRecord;
  readonly identity: Identity;
  readonly outcome: SettledOutcome;
  /** The successful call, whose works are still to run and whose staged events are still to be sent. */
  readonly call?: HandlerCall | undefined;
  /** The dead letter. */
  readonly deadLetter?: StagedRecord | undefined;
}

/**
 * Settles records: recognises those that were settled before, makes the effects of the others happen, sends what they
 * staged. There are two: with a store (`InboxSettler`) and without (`RecentSettler`); they promise different things.
 */
export interface Settler {
  /** Whether the event was settled before. May reject with `BeginAgain`. */
  isSettled(identity: Identity, record: InRecord): MaybePromise<boolean>;
  /** Settles a record that was: sends what is left of what it staged. */
  repeat(identity: Identity, record: InRecord, scope: Scope): MaybePromise<Handled>;
  /** Rejects with what a work threw (then nothing happened), `BeginAgain` or `Abandoned`. */
  settle(conclusion: Conclusion, scope: Scope): MaybePromise<Handled>;
}

/** Sends one staged record; resolves when it is safe, tries until then, rejects with `Abandoned` when the scope closes. */
export type SendStaged = (record: StagedRecord, scope: Scope) => Promise<void>;

/** Tells the bus of this process about an event that was staged here and has been sent. */
export type Hear = (staged: Staged) => void;

/** Everything that leaves with a conclusion, in order. The call is over with it. */
export function stagedBy({ call, deadLetter }: Conclusion, tx?: SqlTransaction): MaybePromise<readonly StagedRecord[]> {
  if (deadLetter !== undefined) return [deadLetter];
  if (call === undefined) return [];
  if (tx !== undefined) return call.runWorks(tx);
  call.end();
  return call.records();
}

/** One string for an identity: neither part can hold a NUL, readers refuse it. */
export const nameOf = ({ source, id }: Identity): string => `${source}\0${id}`;

export function keyOf(record: InRecord): string | undefined {
  return record.key?.toString('latin1');
}
