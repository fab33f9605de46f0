import type { Envelope } from '../event/envelope.js';

/** Where an event is safe once its `publish` has resolved. */
export type Place =
  | { readonly where: 'kafka'; readonly topic: string; readonly partition: number; readonly offset: number }
  | { readonly where: 'memory' }
  | { readonly where: 'handler' };

/** An event that has its place in the outbound queue. */
export interface Accepted {
  /** Resolves when it is safe; rejects with `PublishError`. */
  readonly safe: Promise<Place>;
}

/**
 * Where the bus hands events over to leave the process; registered by the bridge, the publisher or a test. Resolves
 * once the event has its place in the queue, in the order of the calls; rejects with `PublishError` (`not-sent`).
 * `deadline` is in ms since 1970.
 */
export type Outlet = (envelope: Envelope, deadline: number) => Promise<Accepted>;
