import { BusbarError } from '../../errors.js';
import { isPromise } from '../../maybe-promise.js';
import type { InboxRow, Settlement, Settling, SqlTransaction, SqlValue, Store, StoreDurability, StoredRecord } from '../store.js';
import { awaitTurn } from './busy.js';
import { Connection } from './connection.js';
import { GroupCommit } from './group-commit.js';
import type { SqliteHandle } from './handle.js';
import { Inbox } from './inbox.js';
import { Positions, type PositionState } from './positions.js';
import { prune } from './prune.js';
import { configure, createTables, synchronousOf } from './schema.js';
import { isBusy, storeFailed } from './sqlite-error.js';
import { StagedRecords } from './staged-records.js';
import { WorkTransaction } from './transaction.js';

export type { SqliteHandle, SqliteStatement } from './handle.js';

export interface SqliteStoreOptions {
  /** Opens the database file, afresh at every call: the store owns what it gets and closes it. */
  readonly open: () => SqliteHandle;
  /** Opens it for `read`. Default: `open`. */
  readonly openReader?: (() => SqliteHandle) | undefined;
}

/** Everything that exists only while the store is open. */
interface Opened {
  readonly writer: Connection;
  readonly reader: Connection;
  readonly commits: GroupCommit;
  readonly inbox: Inbox;
  readonly records: StagedRecords;
  readonly positions: Positions;
  readonly durability: StoreDurability;
}

/**
 * A store in one SQLite file, which several processes on one machine may share. Nothing is durable before the COMMIT of
 * its group (WAL, `synchronous=FULL`); other processes' locks are awaited without blocking, for 30 s at most, then
 * `STORE_FAILED`. Works are synchronous.
 *
 * The library that opens the file is the application's: better-sqlite3, libsql or node:sqlite.
 */
export function sqliteStore(options: SqliteStoreOptions): Store {
  return new SqliteStore(options);
}

class SqliteStore implements Store {
  readonly #options: SqliteStoreOptions;
  #opened: Opened | undefined;

  constructor(options: SqliteStoreOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    if (this.#opened !== undefined) return;
    const connections: Connection[] = [];
    try {
      const writer = await this.#connect(this.#options.open, connections);
      await awaitTurn(() => inTransaction(writer, () => createTables(writer)));
      const reader = await this.#connect(this.#options.openReader ?? this.#options.open, connections);
      this.#opened = {
        writer,
        reader,
        commits: new GroupCommit(writer),
        inbox: new Inbox(writer),
        records: new StagedRecords(writer),
        positions: new Positions(writer),
        durability: { kind: 'sqlite', synchronous: synchronousOf(writer) },
      };
    } catch (error) {
      for (const connection of connections) connection.close();
      throw storeFailed('the store could not be opened', error);
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    if (opened === undefined) return;
    this.#opened = undefined;
    try {
      await opened.commits.close();
    } finally {
      opened.reader.close();
      opened.writer.close();
    }
  }

  find(group: string, source: string, id: string): InboxRow | undefined {
    const { inbox } = this.#ready();
    return answered(() => inbox.find(group, source, id));
  }

  get durability(): StoreDurability {
    return this.#ready().durability;
  }

  get lostGroups(): number {
    return this.#opened?.commits.lostGroups ?? 0;
  }

  settle({ row, work }: Settlement): Settling {
    const opened = this.#opened;
    if (opened === undefined) return notOpen();
    const { commits, inbox, records, writer } = opened;
    return commits.run(() => {
      const how = answered(() => inbox.insert(row));
      if (how === 'taken') return { result: 'duplicate' as const };
      const left = how === 'tookOver' ? answered(() => records.of(row)) : [];
      const staged = withTransaction(writer, work);
      return { result: 'written' as const, staged: [...left, ...answered(() => staged.map((record) => records.insert(row, record)))] };
    });
  }

  staged(group: string, source: string, id: string): readonly StoredRecord[] {
    const { records } = this.#ready();
    return answered(() => records.of({ group, source, id }));
  }

  async sent(sequences: readonly number[]): Promise<void> {
    const { records } = this.#ready();
    await this.#durably(() => answered(() => records.delete(sequences)));
  }

  async committed(): Promise<void> {
    await this.#ready().commits.committed();
  }

  async flush(): Promise<void> {
    await this.#ready().commits.flush();
  }

  async transaction<T>(work: (tx: SqlTransaction) => T): Promise<T> {
    const { writer } = this.#ready();
    return this.#durably(() => withTransaction(writer, work));
  }

  read<Row>(sql: string, ...values: SqlValue[]): Row[] | Promise<Row[]> {
    const { reader } = this.#ready();
    const attempt = () => reader.all<Row>(sql, values);
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      return awaitTurn(attempt);
    }
  }

  partitions(group: string, topic: string): ReadonlyMap<number, PositionState> {
    const { positions } = this.#ready();
    return answered(() => positions.of(group, topic));
  }

  async declare(group: string, topic: string, partitions: readonly number[]): Promise<void> {
    const { positions } = this.#ready();
    await this.#durably(() => answered(() => positions.declare(group, topic, partitions)));
  }

  async started(group: string, topic: string, partition: number): Promise<void> {
    const { positions } = this.#ready();
    await this.#durably(() => answered(() => positions.started(group, topic, partition)));
  }

  async prune(before: number): Promise<number> {
    const { reader, writer, commits } = this.#ready();
    return prune(reader, writer, commits, before);
  }

  async #connect(open: () => SqliteHandle, connections: Connection[]): Promise<Connection> {
    const connection = new Connection(open());
    connections.push(connection);
    await awaitTurn(() => configure(connection));
    return connection;
  }

  async #durably<T>(work: () => T): Promise<T> {
    const { written, committed } = this.#ready().commits.run(work);
    const value = await written;
    await committed;
    return value;
  }

  #ready(): Opened {
    if (this.#opened === undefined) throw closed();
    return this.#opened;
  }
}

function closed(): BusbarError {
  return new BusbarError('STORE_CLOSED', 'the store is not open');
}

function notOpen(): Settling {
  const refused = Promise.reject(closed());
  refused.catch(() => {}); // handed out twice; one of the two may stay unheard
  return { written: refused, committed: refused };
}

/** Runs a work with a transaction that ends with it, and refuses promises. */
function withTransaction<T>(writer: Connection, work: (tx: SqlTransaction) => T | Promise<T>): T {
  const tx = new WorkTransaction(writer);
  try {
    const value = work(tx);
    if (!isPromise(value)) return value;
    void Promise.resolve(value).catch(() => {}); // what it does from here on is void: the caller is told below
    throw new BusbarError(
      'TRANSACTION_ASYNC',
      'a work on SQLite must do its work at once, and this one returned a promise: it was rolled back; await what it needs before the transaction',
    );
  } finally {
    tx.end();
  }
}

/** What fails in the store's own statements is the store's failure, not the work's. */
function answered<T>(ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    throw storeFailed('the store answered with an error', error);
  }
}

function inTransaction(connection: Connection, work: () => void): void {
  connection.exec('begin immediate');
  try {
    work();
    connection.exec('commit');
  } catch (error) {
    connection.exec('rollback');
    throw error;
  }
}
