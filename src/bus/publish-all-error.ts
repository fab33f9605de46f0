import { BusbarError } from '../errors.js';
import type { MaybePromise } from '../maybe-promise.js';
import { PublishError } from './publish-error.js';
import type { Receipt } from './receipt.js';

/** An event of a `publishAll` that is not known to be safe. */
export interface Unsafe {
  readonly event: object;
  /** Undefined when nothing is wrong with this one: nothing was sent because others are invalid. */
  readonly error: BusbarError | undefined;
}

/** Some events of a `publishAll` are not known to be safe. Has the code of the first failure. */
export class PublishAllError extends BusbarError {
  override readonly name = 'PublishAllError';
  readonly safe: readonly Receipt[];
  /** Certainly not on the log: publish them again. */
  readonly notSent: readonly Unsafe[];
  /** Perhaps on the log: publish them again with the same id. */
  readonly unknown: readonly Unsafe[];

  constructor(safe: readonly Receipt[], notSent: readonly Unsafe[], unknown: readonly Unsafe[]) {
    const errors = [...notSent, ...unknown].map(({ error }) => error).filter((error) => error !== undefined);
    const [first] = errors as [BusbarError];
    super(
      first.code,
      `${safe.length} events are safe, ${notSent.length} were not sent, ${unknown.length} are unknown; the first failure: ${first.message}`,
      {
        cause: errors.length === 1 ? first : new AggregateError(errors),
        retriable: errors.every(({ retriable }) => retriable),
      },
    );
    this.safe = safe;
    this.notSent = notSent;
    this.unknown = unknown;
  }
}

/** Waits for all: `sending[i]` is the publication of `events[i]`. Rejects with a `PublishAllError` when one of them does. */
export async function settledTogether<E extends object>(
  events: readonly E[],
  sending: readonly MaybePromise<Receipt<E>>[],
): Promise<Receipt<E>[]> {
  const safe: Receipt<E>[] = [];
  const notSent: Unsafe[] = [];
  const unknown: Unsafe[] = [];
  for (const [i, result] of (await Promise.allSettled(sending.map(async (each) => each))).entries()) {
    if (result.status === 'fulfilled') {
      safe.push(result.value);
      continue;
    }
    const error = asBusbarError(result.reason);
    const isUnknown = error instanceof PublishError && error.certainty === 'unknown';
    (isUnknown ? unknown : notSent).push({ event: events[i] as E, error });
  }
  if (notSent.length + unknown.length > 0) throw new PublishAllError(safe, notSent, unknown);
  return safe;
}

function asBusbarError(error: unknown): BusbarError {
  return error instanceof BusbarError ? error : new BusbarError('EVENT_INVALID', 'the event could not be published', { cause: error });
}
