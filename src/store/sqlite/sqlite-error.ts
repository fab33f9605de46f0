import { BusbarError } from '../../errors.js';

/** Primary result codes that decide something here, by number: https://www.sqlite.org/rescode.html */
const PRIMARY_CODES = new Map([
  [5, 'BUSY'],
  [6, 'LOCKED'],
  [7, 'NOMEM'],
  [8, 'READONLY'],
  [10, 'IOERR'],
  [11, 'CORRUPT'],
  [13, 'FULL'],
  [14, 'CANTOPEN'],
  [19, 'CONSTRAINT'],
  [26, 'NOTADB'],
]);

/** What says nothing about the statement and everything about the database, its disk or its neighbours. */
const FAULTS_OF_THE_STORE = new Set(['BUSY', 'LOCKED', 'NOMEM', 'READONLY', 'IOERR', 'CORRUPT', 'FULL', 'CANTOPEN', 'NOTADB']);

/** The primary code without `SQLITE_`: libraries give it as an extended name (`code`) or number (`rawCode`, `errcode`). */
function primaryCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, rawCode, errcode } = error as { code?: unknown; rawCode?: unknown; errcode?: unknown };
  const number = rawCode ?? errcode;
  if (typeof number === 'number') return PRIMARY_CODES.get(number & 0xff);
  return typeof code === 'string' ? /^SQLITE_([A-Z]+)/.exec(code)?.[1] : undefined;
}

/** Another connection holds the lock: the same statement may succeed a little later. */
export function isBusy(error: unknown): boolean {
  // The same code also says that a statement of this very connection was not finished, which waiting does not change.
  return primaryCode(error) === 'BUSY' && !/in progress/.test((error as Error).message);
}

export function isConstraint(error: unknown): boolean {
  return primaryCode(error) === 'CONSTRAINT';
}

/** Whether an error that came out of a work is the fault of the store (disk full, I/O, locks) and not of the work. */
export function isFaultOfTheStore(error: unknown): boolean {
  return FAULTS_OF_THE_STORE.has(primaryCode(error) ?? '');
}

export function storeFailed(message: string, cause?: unknown): BusbarError {
  if (cause instanceof BusbarError) return cause;
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new BusbarError('STORE_FAILED', `${message}${why}`, { cause, retriable: isFaultOfTheStore(cause) });
}
