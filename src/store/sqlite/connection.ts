import type { SqlValue } from '../store.js';
import type { SqliteHandle } from './handle.js';
import { StatementCache, type Statement } from './statement-cache.js';

/**
 * One SQLite connection with the differences of the libraries taken away. Rows are read to their end always: with libsql a
 * statement that is left half read (as its `get` leaves it) makes every later COMMIT fail.
 */
export class Connection {
  readonly #handle: SqliteHandle & { readonly inTransaction?: boolean; readonly isTransaction?: boolean };
  readonly #statements: StatementCache;
  /** libsql takes a lone blob or null for named parameters, and ends the process over it; an array is safe there. */
  readonly #takesArrays: boolean;

  constructor(handle: SqliteHandle) {
    this.#handle = handle;
    this.#statements = new StatementCache(handle);
    this.#takesArrays = takesArrays(handle);
  }

  /** False also when SQLite has rolled the transaction back by itself; undefined when the library does not say. */
  get inTransaction(): boolean | undefined {
    return this.#handle.inTransaction ?? this.#handle.isTransaction;
  }

  /** For what begins and ends transactions: prepared, libsql would not see it through. */
  exec(sql: string): void {
    this.#handle.exec(sql);
  }

  run(sql: string, values: readonly SqlValue[] = []): number {
    const statement = this.#statements.get(sql);
    checkValues(values);
    // A statement with RETURNING has to be read to its end as well.
    if (statement.reader === true) {
      this.#rows(statement, values);
      const [row] = this.all<{ changes: number | bigint }>('select changes() as changes');
      return Number(row?.changes ?? 0);
    }
    const { changes } = this.#takesArrays ? statement.run(values) : statement.run(...values);
    return Number(changes);
  }

  all<Row>(sql: string, values: readonly SqlValue[] = []): Row[] {
    return this.#rows(this.#statements.get(sql), values) as Row[];
  }

  first<Row>(sql: string, values: readonly SqlValue[] = []): Row | undefined {
    return this.all<Row>(sql, values)[0];
  }

  close(): void {
    this.#statements.clear();
    this.#handle.close();
  }

  #rows(statement: Statement, values: readonly SqlValue[]): unknown[] {
    checkValues(values);
    const rows = this.#takesArrays ? statement.all(values) : statement.all(...values);
    for (const row of rows) blobsToBuffers(row as Record<string, unknown>);
    return rows;
  }
}

/** With libsql a boolean ends the process. */
function checkValues(values: readonly unknown[]): void {
  for (const value of values) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') continue;
    if (value === null || value instanceof Uint8Array) continue;
    throw new TypeError(`SQL takes string, number, bigint, null and Uint8Array, not ${value === undefined ? 'undefined' : typeof value}`);
  }
}

/** Blobs come as Buffer, Uint8Array or ArrayBuffer, by library and method. */
function blobsToBuffers(row: Record<string, unknown>): void {
  for (const name in row) {
    const value = row[name];
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) continue;
    if (value instanceof ArrayBuffer) row[name] = Buffer.from(value);
    else if (value instanceof Uint8Array) row[name] = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
}

function takesArrays(handle: SqliteHandle): boolean {
  try {
    const [row] = (handle.prepare('select ? as value') as Statement).all(['array']) as { value: unknown }[];
    return row?.value === 'array';
  } catch {
    return false; // node:sqlite refuses arrays: the answer asked for
  }
}
