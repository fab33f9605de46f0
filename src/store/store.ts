import type { MaybePromise } from '../maybe-promise.js';

export type { MaybePromise };

/** Values that every SQL store takes and gives. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/**
 * What a work may do inside the transaction of its record. On a synchronous store (SQLite) every call answers at
 * once; a work that returns a promise there is rolled back with `TRANSACTION_ASYNC`.
 */
export interface SqlTransaction {
  run(sql: string, ...values: SqlValue[]): { readonly changes: number };
  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined;
  all<Row>(sql: string, ...values: SqlValue[]): Row[];
}

/** Outcomes that leave a row in the inbox. */
export type SettledOutcome = 'handled' | 'deadLettered' | 'skipped';

/** Which record of which group: the row that makes its effects happen once. */
export interface InboxRow {
  readonly group: string;
  /** Source and id of the event; of a record without either, `x-dlq` and the dead letter's id. */
  readonly source: string;
  readonly id: string;
  readonly outcome: SettledOutcome;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A record in wire form that waits to be sent because its cause was settled. */
export interface StagedRecord {
  /** Id of the event, or of the dead letter. */
  readonly id: string;
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | string | (Buffer | string)[]>>;
  readonly timestamp: number;
}

/** A staged record as it lies in the store. */
export interface StoredRecord extends StagedRecord {
  /** Rises in the order of staging. */
  readonly sequence: number;
}

export interface Settlement {
  readonly row: InboxRow;
  /**
   * Runs the registered works in order and returns what is staged, inside the transaction of the row. It is called at
   * most once, and only when the row was free. On a synchronous store a promise is an error.
   */
  work(tx: SqlTransaction): MaybePromise<readonly StagedRecord[]>;
}

export interface Settling {
  /**
   * `duplicate`: the row was there already and nothing was done. Known before COMMIT, so that the next record of the
   * key may begin. Rejects with what `work` threw (only this record is rolled back), `TRANSACTION_ASYNC` or `STORE_FAILED`.
   */
  readonly written: Promise<{ readonly result: 'written'; readonly staged: readonly StoredRecord[] } | { readonly result: 'duplicate' }>;
  /** Resolves when it is durable; rejects `STORE_FAILED` when the COMMIT failed: then nothing of it happened. */
  readonly committed: Promise<void>;
}

/** What a COMMIT of a store survives. */
export interface StoreDurability {
  /** The database: `sqlite`. */
  readonly kind: string;
  /** What it waits for before a COMMIT has succeeded, in the words of the database; `full`: also the loss of power. */
  readonly synchronous: string;
}

/**
 * Where inbox, staged records and the effects of processors live. One store may serve several processes. What is
 * promised of every implementation is checked by its conformance suite.
 */
export interface Store {
  /** Creates or upgrades the store's own tables. */
  open(): Promise<void>;
  /** Commits what is pending and closes. */
  close(): Promise<void>;
  /** As the database itself says; throws `STORE_CLOSED` while it is not open. */
  readonly durability: StoreDurability;
  /**
   * How often a transaction that settlements share could not begin or commit, so that they were lost. Counted at once,
   * before any rejection is heard: whoever builds on what was written before can see that it is gone. 0 where nothing is
   * shared.
   */
  readonly lostGroups: number;
  /** The inbox row of an event, when it is durable or written by this process in a transaction still open. */
  find(group: string, source: string, id: string): MaybePromise<InboxRow | undefined>;
  /**
   * Inserts the inbox row, does the work, stores what it staged: all or nothing. A `deadLettered` or `skipped` row of
   * *another* topic, partition or offset does not stand in the way: it is replaced.
   */
  settle(settlement: Settlement): Settling;
  /** What was staged with this inbox row and not yet sent, in order. */
  staged(group: string, source: string, id: string): MaybePromise<readonly StoredRecord[]>;
  /** Deletes sent records; resolves when that is durable. */
  sent(sequences: readonly number[]): Promise<void>;
  /** Resolves when everything written so far is durable, without hurrying it; rejects when that COMMIT failed. */
  committed(): Promise<void>;
  /** Commits what is pending now instead of a little later. */
  flush(): Promise<void>;
  /** A transaction of its own, for set-up and queries of an application. */
  transaction<T>(work: (tx: SqlTransaction) => T): Promise<T>;
  /** Durable state only, on a connection of its own: sees nothing that is not committed, waits for nobody. */
  read<Row>(sql: string, ...values: SqlValue[]): MaybePromise<Row[]>;
  /** Partitions whose start offset a group has declared (`starting`) or committed (`started`). */
  partitions(group: string, topic: string): MaybePromise<ReadonlyMap<number, 'starting' | 'started'>>;
  /** Declares partitions that are not known yet as `starting`: only if the group knows none of the topic so far. */
  declare(group: string, topic: string, partitions: readonly number[]): Promise<void>;
  started(group: string, topic: string, partition: number): Promise<void>;
  /** Deletes inbox rows settled before `before` (ms since 1970) in small steps; returns how many. */
  prune(before: number): Promise<number>;
}
