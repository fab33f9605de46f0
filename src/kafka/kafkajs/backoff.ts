import { setTimeout as sleep } from 'node:timers/promises';

/** Waits between two attempts: doubling from `firstMs` to `mostMs`, ended early by `signal`. */
export class Backoff {
  #next: number;

  constructor(
    private readonly firstMs: number,
    private readonly mostMs: number,
  ) {
    this.#next = firstMs;
  }

  async pause(signal?: AbortSignal): Promise<void> {
    const ms = this.#next * (0.8 + Math.random() * 0.4);
    this.#next = Math.min(this.#next * 2, this.mostMs);
    await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      if (signal?.aborted !== true) throw error;
    });
  }

  reset(): void {
    this.#next = this.firstMs;
  }
}

/** Whether the promise settles within `ms`. A rejection counts as settled. */
export async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const enough = new AbortController();
  const settled = promise.then(
    () => true,
    () => true,
  );
  const timeout = sleep(ms, false, { signal: enough.signal }).catch(() => false);
  const result = await Promise.race([settled, timeout]);
  enough.abort();
  return result;
}
