import { setTimeout as sleep } from 'node:timers/promises';

/** Calls `act` so many times, evenly spread; when it was late it catches up. */
export async function paced(perSecond: number, times: number, act: (n: number) => void): Promise<void> {
  const began = performance.now();
  for (let n = 0; n < times; n++) {
    const early = began + (n * 1_000) / perSecond - performance.now();
    if (early > 0) await sleep(early);
    act(n);
  }
}
