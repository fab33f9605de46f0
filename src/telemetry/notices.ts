import { inspect } from 'node:util';

import { EventEmitter } from 'eventemitter3';

import type { ErrorCode } from '../errors.js';

export type NoticeLevel = 'info' | 'warn' | 'error';

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
  | 'LATE_PUBLISH'
  | 'CONSUMER_RESTARTED'
  | 'PRODUCER_REPLACED'
  | 'PARTITIONS_ADDED'
  | 'DEAD_LETTERED'
  | 'RECORD_SKIPPED'
  | 'DELIVERY_RETRIED'
  | 'SEND_RETRIED'
  | 'STAGED_SEND_FAILED'
  | 'COMMIT_FAILED'
  | 'PRUNED'
  | 'CONFIG_WARNING'
  | 'CLEANUP_FAILED'
  | 'CLIENT_LOG'
  | 'EMBEDDED_LOG'
  | 'APPLICATION_LOG';

/**
 * The one place where Busbar speaks up. Without a listener, warnings and errors go to stderr as one line each; the
 * first `onNotice` takes over.
 */
export class Notices {
  readonly #emitter = new EventEmitter<{ notice: (notice: Notice) => void }>();

  /** Returns the unsubscriber. */
  onNotice(listener: (notice: Notice) => void): () => void {
    this.#emitter.on('notice', listener);
    return () => void this.#emitter.off('notice', listener);
  }

  raise(notice: Notice): void {
    if (this.#emitter.listenerCount('notice') === 0) printNotice(notice);
    else this.#emitter.emit('notice', notice);
  }
}

/** One line on stderr; `info` stays silent unless it is the `lowest` level to print. */
export function printNotice({ level, code, message, error, details }: Notice, lowest: 'info' | 'warn' = 'warn'): void {
  if (level === 'info' && lowest !== 'info') return;
  const where = Object.entries(details ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${String(value)}`)
    .join('');
  const why = error === undefined ? '' : `: ${error instanceof Error ? (error.stack ?? error.message) : inspect(error)}`;
  process.stderr.write(`busbar ${level} ${code} ${message}${where}${why}\n`);
}
