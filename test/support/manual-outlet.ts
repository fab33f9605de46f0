import type { Accepted, Outlet, Place } from '../../src/bus/outlet.js';
import type { Envelope } from '../../src/event/envelope.js';

/** A promise that the test settles. */
export function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** An outlet whose every step the test decides. */
export function manualOutlet() {
  const calls: {
    readonly envelope: Envelope;
    readonly deadline: number;
    accept(): void;
    refuse(error: unknown): void;
    deliver(place: Place): void;
    lose(error: unknown): void;
  }[] = [];
  const outlet: Outlet = (envelope, deadline) =>
    new Promise<Accepted>((resolve, refuse) => {
      const safe = deferred<Place>();
      calls.push({ envelope, deadline, accept: () => resolve({ safe: safe.promise }), refuse, deliver: safe.resolve, lose: safe.reject });
    });
  return { outlet, calls };
}

/** Where a record of the outlet lies. */
export const kafka = (offset: number): Place => ({ where: 'kafka', topic: 'orders', partition: 0, offset });
/** Everything that can go on now has gone on. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
