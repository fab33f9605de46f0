import { isBusy } from './sqlite-error.js';

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;
/** After this, whoever holds the lock is stuck, and waiting on in silence would hide it. */
const PATIENCE_MS = 30_000;

/** How long to wait for a lock that another connection holds: short, growing, jittered, so that writers take turns. */
export class BusyWait {
  #pauses = 0;
  #waitedMs = 0;

  /** The next pause in ms, or undefined when `error` is something else or patience is at its end. */
  next(error: unknown): number | undefined {
    if (!isBusy(error) || this.#waitedMs >= PATIENCE_MS) return undefined;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#pauses++) * (0.5 + Math.random() / 2);
    this.#waitedMs += pause;
    return pause;
  }
}

/** Repeats `attempt` while the database is busy, without ever blocking the process. */
export async function awaitTurn<T>(attempt: () => T): Promise<T> {
  const wait = new BusyWait();
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      const pause = wait.next(error);
      if (pause === undefined) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
