import type { SqliteHandle } from './handle.js';

/** A prepared statement, untyped in its parameters; `reader` says that it gives rows, where the library knows it. */
export interface Statement {
  readonly reader?: boolean;
  run(...values: unknown[]): { readonly changes: number | bigint };
  all(...values: unknown[]): unknown[];
}

const CAPACITY = 256;

/** Prepared statements by their SQL. Least recently used ones go first, so SQL with values inside does not fill memory. */
export class StatementCache {
  readonly #handle: SqliteHandle;
  readonly #statements = new Map<string, Statement>();
  /** The one asked for last, which need not move. */
  #latest: string | undefined;

  constructor(handle: SqliteHandle) {
    this.#handle = handle;
  }

  get(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined && this.#latest === sql) return known;
    const statement = known ?? this.#handle.prepare(sql);
    this.#statements.delete(sql);
    this.#statements.set(sql, statement);
    this.#latest = sql;
    if (this.#statements.size > CAPACITY) this.#statements.delete(this.#statements.keys().next().value as string);
    return statement;
  }

  clear(): void {
    this.#statements.clear();
    this.#latest = undefined;
  }
}
