/** A value, or a promise of it: what answers at once must not cost a turn of the event loop. */
export type MaybePromise<T> = T | Promise<T>;

/** Also true of promises that are not this realm's own. */
export function isPromise<T>(value: T | PromiseLike<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
