import { AsyncLocalStorage } from 'node:async_hooks';

import type { Envelope } from '../event/envelope.js';

/** What is being handled while code runs: the cause of whatever it publishes. */
export interface Ambient {
  readonly cause: Envelope;
  /**
   * Set inside the attempt of a processor: `bus.publish` stages instead of sending. Answers false once the attempt is
   * over; then the event goes out directly.
   */
  readonly stage?: ((envelope: Envelope) => boolean) | undefined;
}

const storage = new AsyncLocalStorage<Ambient>();

/** Runs `work` with `ambient` as the cause of everything published in it, also after its awaits. */
export function withAmbient<T>(ambient: Ambient, work: () => T): T {
  return storage.run(ambient, work);
}

export function ambient(): Ambient | undefined {
  return storage.getStore();
}
