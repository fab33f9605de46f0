import { inspect } from 'node:util';

import { EventEmitter } from 'eventemitter3';

import type { ErrorCode } from '../errors.js';
import { isPromise } from '../maybe-promise.js';
import { oneLine } from './one-line.js';

export type NoticeLevel = 'info' | 'warn' | 'error';

/** A chain of causes may end in itself. */
const MAX_CAUSES = 4;

/** Something an operator should know that no caller is told by a rejection. */
export interface Notice {
  readonly level: NoticeLevel;
  /** An error code, or the name of the occurrence in the same style. */
  readonly code: ErrorCode | NoticeCode;
  readonly message: string;
  readonly error?: unknown;
  /** Plain values that name what is concerned: processor, topic, partition, offset, … Never secrets or event data. */
  readonly details?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
}

/** Occurrences that are not errors by themselves. */
export type NoticeCode =
  | 'HEALTH_CHANGED'
  | 'HTTP_FAILED'
  | 'LATE_PUBLISH'
  | 'CONSUMER_RESTARTED'
  | 'PRODUCER_REPLACED'
  | 'PARTITIONS_ADDED'
  | 'DEAD_LETTERED'
  | 'RECORD_SKIPPED'
  | 'DELIVERY_RETRIED'
  | 'SEND_RETRIED'
  | 'CIRCUIT_OPENED'
  | 'CIRCUIT_CLOSED'
  | 'STAGED_SEND_FAILED'
  | 'PROCESSOR_PAUSED'
  | 'PROCESSOR_RESUMED'
  | 'COMMIT_FAILED'
  | 'PRUNED'
  | 'CONFIG_WARNING'
  | 'WIRING_WARNING'
  | 'CLEANUP_FAILED'
  | 'RECORDS_DROPPED'
  | 'NOTICE_LISTENER_FAILED'
  | 'CLIENT_LOG'
  | 'CLIENT_FAILED'
  | 'CLIENT_UNKNOWN'
  | 'EMBEDDED_LOG'
  | 'APPLICATION_LOG';

/**
 * The one place where Busbar speaks up. Without a listener, warnings and errors go to stderr, one line each and the stack of the error; the
 * first `onNotice` takes over.
 */
export class Notices {
  readonly #emitter = new EventEmitter<{ notice: NoticeListener }>();

  /** Returns the unsubscriber. */
  onNotice(listener: NoticeListener): () => void {
    this.#emitter.on('notice', listener);
    return () => void this.#emitter.off('notice', listener);
  }

  /** Never throws: who raises a notice is in the middle of something else. A listener that fails is told on stderr. */
  raise(notice: Notice): void {
    const listeners = this.#emitter.listeners('notice');
    if (listeners.length === 0) printNotice(notice);
    for (const listener of listeners) tell(listener, notice);
  }
}

type NoticeListener = (notice: Notice) => void;

function tell(listener: NoticeListener, notice: Notice): void {
  const failed = (error: unknown): void => {
    printNotice(notice, 'info');
    printNotice({ level: 'error', code: 'NOTICE_LISTENER_FAILED', message: 'a listener of notices failed at the one above', error });
  };
  try {
    const result: unknown = listener(notice); // a function that returns a promise passes for one that returns nothing
    if (isPromise(result)) result.then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}

/** One line on stderr, and the stack of the error; `info` stays silent unless it is the `lowest` level to print. */
export function printNotice({ level, code, message, error, details }: Notice, lowest: 'info' | 'warn' = 'warn'): void {
  if (level === 'info' && lowest !== 'info') return;
  const where = Object.entries(details ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${String(value)}`)
    .join('');
  const why = error === undefined ? '' : `: ${indented(textOf(error))}`;
  process.stderr.write(`busbar ${level} ${code} ${oneLine(message + where)}${why}\n`);
}

/** So that no further line begins as one of ours does. */
function indented(text: string): string {
  const [first = '', ...more] = text.split('\n').map(oneLine);
  return [first, ...more.map((line) => (line.startsWith(' ') ? line : `  ${line}`))].join('\n');
}

/** With its causes, which say what happened in the application. An error comes from anywhere, and may throw when it is looked at. */
function textOf(error: unknown, depth = 0): string {
  try {
    if (!(error instanceof Error)) return inspect(error);
    const text = error.stack ?? error.message;
    return error.cause === undefined || depth === MAX_CAUSES ? text : `${text}\n  caused by ${textOf(error.cause, depth + 1)}`;
  } catch {
    return `a thrown ${typeof error} that cannot be read`;
  }
}
