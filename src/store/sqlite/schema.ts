import type { Connection } from './connection.js';
import { storeFailed } from './sqlite-error.js';

const VERSION = 1;

/**
 * `cause_*` of a staged record is the key of its inbox row. `sequence` never repeats, also after deletes, so a late
 * `sent` cannot delete another record.
 */
const TABLES = `
  create table if not exists busbar_schema (version integer not null);
  create table if not exists busbar_inbox (
    group_id text not null, source text not null, id text not null,
    outcome text not null, topic text not null, partition integer not null, record_offset integer not null,
    settled_at integer not null,
    primary key (group_id, source, id)
  ) without rowid;
  create table if not exists busbar_staged (
    sequence integer primary key autoincrement,
    cause_group text not null, cause_source text not null, cause_id text not null,
    id text not null, topic text not null, key blob, value blob, headers text not null, timestamp integer not null
  );
  create index if not exists busbar_staged_cause on busbar_staged (cause_group, cause_source, cause_id);
  create table if not exists busbar_partitions (
    group_id text not null, topic text not null, partition integer not null, state text not null,
    primary key (group_id, topic, partition)
  ) without rowid;
`;

/** What SQLite calls the values of `pragma synchronous`. */
const SYNCHRONOUS = ['off', 'normal', 'full', 'extra'];

/** What this connection waits for before a COMMIT has succeeded. */
export function synchronousOf(connection: Connection): string {
  const value = connection.first<{ synchronous: number | bigint }>('pragma synchronous')?.synchronous;
  return SYNCHRONOUS[Number(value)] ?? String(value);
}

/** Creates the tables, in a transaction of the caller. Refuses what a newer Busbar wrote. */
export function createTables(connection: Connection): void {
  connection.exec(TABLES);
  const row = connection.first<{ version: number }>('select max(version) as version from busbar_schema');
  const version = row?.version ?? 0;
  if (version > VERSION) {
    throw storeFailed(
      `the store was written by a newer Busbar (schema ${version}; this one knows ${VERSION}): upgrade the package, nothing was changed`,
    );
  }
  if (version < VERSION) connection.run('insert into busbar_schema (version) values (?)', [VERSION]);
}

/** What durability rests on, set on every connection and read back. */
export function configure(connection: Connection): void {
  connection.exec('pragma busy_timeout = 0');
  connection.all('pragma journal_mode = wal');
  connection.exec('pragma synchronous = full');
  connection.exec('pragma foreign_keys = on');
  const mode = connection.first<{ journal_mode: string }>('pragma journal_mode')?.journal_mode;
  if (mode !== 'wal')
    throw storeFailed(
      `the store needs a database file in WAL mode, and this one is in mode ${mode} (a database in memory cannot be shared)`,
    );
}
