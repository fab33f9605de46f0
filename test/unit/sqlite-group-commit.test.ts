import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sqliteStore, type SqliteHandle } from 'busbar/store';
import Libsql from 'libsql';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Settling, SqlTransaction, Store } from '../../src/store/store.js';

let directory: string;
let file: string;
const closing: Store[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'busbar-groups-'));
  file = join(directory, 'store.db');
});

afterEach(async () => {
  for (const store of closing.splice(0)) await store.close().catch(() => {});
  rmSync(directory, { recursive: true });
});

/** The store, and the handle that it writes through. */
async function opened(wrap: (handle: SqliteHandle) => SqliteHandle = (handle) => handle): Promise<{ store: Store; writer: SqliteHandle }> {
  const handles: SqliteHandle[] = [];
  const store = sqliteStore({
    open() {
      const handle = wrap(new Libsql(file));
      handles.push(handle);
      return handle;
    },
  });
  closing.push(store);
  await store.open();
  await store.transaction((tx) => {
    tx.run('create table effects (name text primary key, ballast text)');
    tx.run('create table parents (id integer primary key)');
    tx.run('create table children (parent integer references parents (id) deferrable initially deferred)');
  });
  return { store, writer: handles[0] as SqliteHandle };
}

function settle(
  store: Store,
  id: string,
  work: (tx: SqlTransaction) => unknown = (tx) => tx.run('insert into effects (name) values (?)', id),
): Settling {
  return store.settle({
    row: { group: 'g', source: '/s', id, outcome: 'handled', topic: 't', partition: 0, offset: 0 },
    work(tx) {
      work(tx);
      return [];
    },
  });
}

const names = async (store: Store) =>
  (await store.read<{ name: string }>('select name from effects order by name')).map(({ name }) => name);

/** A handle whose statements go through `before`, which may throw in their place. */
function watched(handle: SqliteHandle, before: (sql: string) => void): SqliteHandle {
  return {
    prepare: (sql) => handle.prepare(sql),
    exec(sql) {
      before(sql);
      handle.exec(sql);
    },
    close: () => handle.close(),
  };
}

describe('durability', () => {
  test('every connection writes ahead and syncs at each COMMIT', async () => {
    const { writer } = await opened();
    const value = (name: string) => Object.values((writer.prepare(`pragma ${name}`).all() as Record<string, unknown>[])[0] ?? {})[0];
    expect(value('journal_mode')).toBe('wal');
    expect(value('synchronous')).toBe(2);
    expect(value('busy_timeout')).toBe(0);
    expect(value('foreign_keys')).toBe(1);
  });

  test('a database in memory is refused', async () => {
    await expect(sqliteStore({ open: () => new Libsql(':memory:') }).open()).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  test('a store of a newer schema is refused and left as it is', async () => {
    const { store, writer } = await opened();
    writer.exec('update busbar_schema set version = 99');
    await store.close();
    const again = sqliteStore({ open: () => new Libsql(file) });
    await expect(again.open()).rejects.toThrow(/\[STORE_FAILED\].*newer Busbar \(schema 99/);
    await expect(again.transaction(() => 1)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });
});

describe('a group', () => {
  test('shares one COMMIT up to 256 writings', async () => {
    const commits: string[] = [];
    const { store } = await opened((handle) => watched(handle, (sql) => void (sql === 'commit' && commits.push(sql))));
    commits.length = 0;
    const settlings = Array.from({ length: 600 }, (_, index) => settle(store, `r-${index}`));
    expect(commits).toHaveLength(2);
    await store.flush();
    expect(commits).toHaveLength(3);
    await Promise.all(settlings.map(({ committed }) => committed));
  });

  test('whose COMMIT fails fails together, known at once, and leaves a usable store', async () => {
    let broken = false;
    const { store } = await opened((handle) =>
      watched(handle, (sql) => {
        if (sql === 'commit' && broken) throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' });
      }),
    );
    broken = true;
    const group = [settle(store, 'a'), settle(store, 'b')];
    await Promise.all(group.map(({ written }) => written));
    expect(store.lostGroups).toBe(0);
    const flushed = store.flush();
    expect(store.lostGroups).toBe(1);
    await expect(flushed).rejects.toMatchObject({ code: 'STORE_FAILED', retriable: true });
    for (const { committed } of group) await expect(committed).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(store.find('g', '/s', 'a')).toBeUndefined();
    expect(await names(store)).toEqual([]);

    broken = false;
    await Promise.all([settle(store, 'a'), settle(store, 'b')].map(({ committed }) => committed));
    expect(await names(store)).toEqual(['a', 'b']);
  });

  test('that one deferred constraint broke is repeated alone, and only the guilty fails, as its own', async () => {
    const { store } = await opened();
    const orphan = (tx: SqlTransaction) => tx.run('insert into children (parent) values (7)');
    const first = [settle(store, 'a'), settle(store, 'guilty', orphan), settle(store, 'b')];
    for (const { written } of first) await written;
    for (const { committed } of first) await expect(committed).rejects.toMatchObject({ code: 'STORE_FAILED' });

    const [a, guilty, b] = [settle(store, 'a'), settle(store, 'guilty', orphan), settle(store, 'b')] as const;
    await expect(guilty.written).rejects.toMatchObject({ message: expect.stringMatching(/FOREIGN KEY/) as string });
    await expect(guilty.written).rejects.not.toMatchObject({ code: 'STORE_FAILED' });
    await Promise.all([a.committed, b.committed]);
    expect(await names(store)).toEqual(['a', 'b']);
    expect(store.find('g', '/s', 'guilty')).toBeUndefined();
  });

  test('survives a full disk: what did not fit is STORE_FAILED, nothing is half there', async () => {
    const { store, writer } = await opened();
    const before = settle(store, 'before');
    await before.committed;
    writer.exec('pragma max_page_count = 30');
    const small = settle(store, 'small');
    const large = settle(store, 'large', (tx) => {
      tx.run("insert into effects (name) values ('of large')");
      tx.run('insert into effects (name, ballast) values (?, ?)', 'large', 'x'.repeat(1_000_000));
    });
    await expect(large.written).rejects.toMatchObject({ code: 'STORE_FAILED', retriable: true });
    const survived = await small.committed.then(
      () => true,
      () => false,
    );
    expect(store.find('g', '/s', 'large')).toBeUndefined();
    expect(await names(store)).toEqual(survived ? ['before', 'small'] : ['before']);
    writer.exec('pragma max_page_count = 100000');
    await settle(store, 'after').committed;
    expect(await names(store)).toContain('after');
  });

  test('takes an I/O error inside a work for its own failure, since a repeated record may succeed', async () => {
    const { store } = await opened();
    const settling = settle(store, 'a', () => {
      throw Object.assign(new Error('disk I/O error'), { errcode: 4_874 });
    });
    await expect(settling.written).rejects.toMatchObject({ code: 'STORE_FAILED', retriable: true });
  });

  test.each(['rollback', 'commit', 'commit; begin'])('is told when its transaction is ended past the store with %j', async (sql) => {
    const { store, writer } = await opened();
    const before = settle(store, 'before');
    const settling = settle(store, 'a', () => writer.exec(sql));
    await expect(settling.written).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await expect(before.committed).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await settle(store, 'after').committed;
    expect(await names(store)).toContain('after');
  });
});

describe('a locked database', () => {
  test('makes writings wait in order while the process goes on', async () => {
    const { store } = await opened();
    const neighbour = new Libsql(file);
    neighbour.exec('begin immediate');
    const order: string[] = [];
    const settlings = ['a', 'b', 'c'].map((id) => settle(store, id, () => order.push(id)));
    const pending = Promise.all([...settlings.map(({ committed }) => committed), store.flush()]);
    for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
    expect(order).toEqual([]);
    expect(store.find('g', '/s', 'a')).toBeUndefined();
    neighbour.exec('commit');
    await pending;
    expect(order).toEqual(['a', 'b', 'c']);
    neighbour.close();
  });

  test('is awaited at COMMIT as well', async () => {
    let refusals = 3;
    const { store } = await opened((handle) =>
      watched(handle, (sql) => {
        if (sql === 'commit' && refusals-- > 0) throw Object.assign(new Error('database is locked'), { errcode: 261 });
      }),
    );
    await settle(store, 'a').committed;
    expect(refusals).toBeLessThan(0);
    expect(await names(store)).toEqual(['a']);
  });

  test('does not keep readers waiting', async () => {
    const { store } = await opened();
    await settle(store, 'a').committed;
    const neighbour = new Libsql(file);
    neighbour.exec('begin immediate');
    expect(await names(store)).toEqual(['a']);
    neighbour.exec('rollback');
    neighbour.close();
  });
});
