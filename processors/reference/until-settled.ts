import { setTimeout as pause } from 'node:timers/promises';

import { BusbarError } from 'busbar';

const POLL_MS = 25;

/**
 * Resolves once `caughtUp` says yes, or `signal` is aborted. A broker that cannot answer for a while is asked again;
 * rejects when it could not for `patienceMs` on end, and at once with an error that repeating does not mend, as that of
 * a processor that has stopped for good.
 */
export async function untilSettled(caughtUp: () => Promise<boolean>, patienceMs: number, signal: AbortSignal): Promise<void> {
  let silentSince: number | undefined;
  while (!signal.aborted) {
    try {
      if (await caughtUp()) return;
      silentSince = undefined;
    } catch (error) {
      if (!(error instanceof BusbarError && error.retriable)) throw error;
      silentSince ??= performance.now();
      if (performance.now() - silentSince >= patienceMs) throw error;
    }
    await pause(POLL_MS);
  }
}
