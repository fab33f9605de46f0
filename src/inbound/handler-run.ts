import { BusbarError } from '../errors.js';
import { Abandoned, type Scope } from './scope.js';
import type { HandlerCall } from './handler-call.js';

/** After its signal was aborted, how long a handler may still succeed, in ms. */
const GRACE_MS = 5_000;

export interface HandlerWatch {
  readonly timeoutMs: number;
  /** It did not end after it was told to. `running` settles when it does. */
  onStuck(running: Promise<unknown>): void;
  /** Nobody waits for it any more, and it may go on. Told before anybody can take its record up again. */
  onAbandoned(running: Promise<unknown>): void;
}

/**
 * Waits for a handler that answered with a promise. After `timeoutMs` its signal is aborted; if it has not ended after
 * the grace, the call is fenced and `onStuck` is told, but the wait goes on: no second attempt may start while the
 * first runs. Then rejects with `HANDLER_TIMEOUT`. Rejects with `Abandoned` as soon as the scope is over.
 */
export async function awaitHandler(
  running: Promise<unknown>,
  call: HandlerCall,
  scope: Scope,
  { timeoutMs, onStuck, onAbandoned }: HandlerWatch,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stuck: BusbarError | undefined;
  const timedOut = (): void => {
    const error = new BusbarError('HANDLER_TIMEOUT', `the handler ran longer than ${timeoutMs} ms (handlerTimeoutMs)`);
    call.timeOut(error);
    timer = setTimeout(() => {
      stuck = error;
      call.end();
      onStuck(running);
    }, GRACE_MS);
  };
  timer = setTimeout(timedOut, timeoutMs);

  let leave: (() => void) | undefined;
  const abandoned = new Promise<never>((_, reject) => {
    leave = () => {
      onAbandoned(running);
      reject(new Abandoned());
    };
    if (scope.over.aborted) leave();
    else scope.over.addEventListener('abort', leave, { once: true });
  });
  try {
    await Promise.race([running, abandoned]);
    if (stuck !== undefined) throw stuck;
  } catch (error) {
    throw stuck !== undefined && !(error instanceof Abandoned) ? stuck : error;
  } finally {
    clearTimeout(timer);
    if (leave !== undefined) scope.over.removeEventListener('abort', leave);
  }
}
