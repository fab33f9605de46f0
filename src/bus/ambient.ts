import { AsyncLocalStorage } from 'node:async_hooks';

import type { PublishOptions } from '../event/contract.js';
import type { Envelope } from '../event/envelope.js';
import type { Consequences } from './consequences.js';

/** Takes what is published inside the attempt of a processor: it leaves when the record is settled. */
export interface Stager {
  /** The attempt has ended: what is published now goes out directly. */
  readonly isOver: boolean;
  stage<E extends object>(event: E, options?: PublishOptions): Envelope<E>;
  /** Throws for an event that `stage` would refuse whatever is in it. */
  admit(event: object): void;
}

/** What is being handled while code runs: the cause of whatever it publishes. */
export interface Ambient {
  readonly cause: Envelope;
  /** Set inside the attempt of a processor: `bus.publish` stages instead of sending. */
  readonly stager?: Stager | undefined;
  /** Set where the cause came in from outside, or follows from one that did. */
  readonly consequences?: Consequences | undefined;
}

const storage = new AsyncLocalStorage<Ambient>();

/** Runs `work` with `ambient` as the cause of everything published in it, also after its awaits. */
export function withAmbient<T>(ambient: Ambient, work: () => T): T {
  return storage.run(ambient, work);
}

/** Runs `work` without a cause, wherever it is called: what it publishes begins a conversation of its own. */
export function withoutAmbient<T>(work: () => T): T {
  return storage.exit(work);
}

export function ambient(): Ambient | undefined {
  return storage.getStore();
}
