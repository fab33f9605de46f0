/** A prepared statement, as far as better-sqlite3, libsql and node:sqlite have it in common. */
export interface SqliteStatement {
  run(...values: never[]): { readonly changes: number | bigint };
  all(...values: never[]): unknown[];
}

/**
 * An open SQLite database. `new Database(file)` of better-sqlite3 or libsql and `new DatabaseSync(file)` of node:sqlite
 * (Node >= 22.5) are handles as they are.
 */
export interface SqliteHandle {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  close(): unknown;
}
