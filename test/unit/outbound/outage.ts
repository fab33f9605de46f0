import { afterEach, beforeEach, vi } from 'vitest';

import type { BusbarError } from '../../../src/errors.js';
import { envelope, outbound, turn } from './publisher-fixture.js';
import { gate } from './scripted-driver.js';

/** The default delivery timeout. */
export const TIMEOUT_MS = 120_000;

/** Timers and the clock are the test's from here on; turns of the event loop are real. */
export function fakeTime(): void {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
  afterEach(() => void vi.useRealTimers());
}

export const after = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
export const turns = async (): Promise<void> => {
  for (let n = 0; n < 5; n++) await turn();
};

/** A way out whose broker acknowledges nothing until it `recovers`; `publish` has the default delivery timeout. */
export function outage(init: Parameters<typeof outbound>[0] = {}) {
  const out = outbound(init);
  let back = gate();
  out.driver.before = async () => back.opened;
  const ends: Promise<PromiseSettledResult<unknown>>[] = [];
  const publish = (text: string, key?: string): Promise<unknown> => {
    const sending = out.publish(envelope(text, key), Date.now() + TIMEOUT_MS);
    ends.push(Promise.allSettled([sending]).then(([end]) => end));
    return sending;
  };
  return {
    ...out,
    publish,
    recover: (): void => back.open(),
    failAgain: (): void => void (back = gate()),
    /** How each publish ended, in the order of the calls. */
    ends: async (): Promise<string[]> =>
      (await Promise.all(ends)).map((end) => (end.status === 'fulfilled' ? 'safe' : (end.reason as BusbarError).code)),
    codes: (): string[] => out.notices.map(({ code }) => code),
  };
}
