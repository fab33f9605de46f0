/**
 * The places between the steps of settling where a process is killed. Each is met by the record that is named, when it
 * gets there for the first time.
 */
export const BOUNDARIES = {
  delivered: 'the record was read, nothing was looked up',
  handling: 'the handler runs',
  handled: 'the handler has ended, nothing is written',
  writing: 'inside the transaction, before COMMIT',
  written: 'everything is written, COMMIT was not asked for',
  committed: 'right after COMMIT, nothing was sent',
  acknowledged: 'what it staged is on the log, and the sender has not heard of it',
  sent: 'what it staged was sent and lies in the store still',
  deleted: 'what it staged is deleted, the offset has not moved',
  settled: 'the offset has moved in memory, and is not committed',
} as const;

export type Boundary = keyof typeof BOUNDARIES;

/** What the handler does with an order: by its amount. */
export const KINDS = { both: 0, publishes: 1, transacts: 2, fails: 3 } as const;
export type Kind = keyof typeof KINDS;

/** Boundaries that records of this kind never meet. */
export const NEVER: Readonly<Record<Kind, readonly Boundary[]>> = {
  both: [],
  publishes: [],
  transacts: ['acknowledged', 'sent', 'deleted'],
  fails: [],
};

export interface BoundaryRun {
  readonly bootstrap: string;
  readonly prefix: string;
  readonly database: string;
  /** Undefined: until everything is settled. */
  readonly kill: { readonly boundary: Boundary; readonly orderId: string } | undefined;
}
