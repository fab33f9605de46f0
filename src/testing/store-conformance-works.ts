import assert from 'node:assert/strict';

import { BusbarError } from '../errors.js';
import type { Settling, SqlTransaction } from '../store/store.js';
import {
  done,
  prepared,
  rejects,
  row,
  settlement,
  type StoreConformanceCase,
  type StoreConformanceContext,
} from './store-conformance-stage.js';

/** What a work may do, and how it fails alone. */
export const WORK_CASES: readonly StoreConformanceCase[] = [
  {
    name: 'a work that throws leaves nothing behind, takes nothing with it, and its error comes as it is',
    async run(context) {
      const { store, effects } = await prepared(context);
      const error = new RangeError('of the work');
      const before = store.settle(settlement('before', { effect: 'before' }));
      const failing = store.settle({
        row: row('failing'),
        work(tx) {
          tx.run('insert into effects (name) values (?)', 'failing');
          throw error;
        },
      });
      const after = store.settle(settlement('after', { effect: 'after' }));
      await assert.rejects(failing.written, (thrown) => thrown === error);
      await Promise.all([done(before), done(after)]);
      assert.equal(await store.find('g', '/s', 'failing'), undefined);
      assert.deepEqual(await effects(), ['before', 'after']);
      await done(store.settle(settlement('failing', { effect: 'second attempt' })));
      assert.deepEqual(await effects(), ['before', 'after', 'second attempt']);
    },
  },
  {
    name: 'an error of the SQL in a work fails that record only, as the database raised it',
    async run(context) {
      const { store, effects } = await prepared(context);
      await done(store.settle(settlement('a', { effect: 'once' })));
      const broken = store.settle(settlement('b', { effect: 'once' }));
      const fine = store.settle(settlement('c', { effect: 'fine' }));
      await assert.rejects(broken.written, (error) => error instanceof Error && !(error instanceof BusbarError));
      await done(fine);
      assert.deepEqual(await effects(), ['once', 'fine']);
      assert.equal(await store.find('g', '/s', 'b'), undefined);
    },
  },
  {
    name: "a work that returns a promise on a synchronous store is rolled back, and its later rejection is nobody's",
    async run(context) {
      if (!context.synchronous) return;
      const { store, effects } = await prepared(context);
      const settling = store.settle({
        row: row('a'),
        async work(tx) {
          tx.run('insert into effects (name) values (?)', 'early');
          await Promise.resolve();
          tx.run('insert into effects (name) values (?)', 'late');
          return [];
        },
      });
      await rejects(settling.written, 'TRANSACTION_ASYNC');
      await store.flush();
      await new Promise(setImmediate);
      assert.deepEqual(await effects(), []);
      assert.equal(await store.find('g', '/s', 'a'), undefined);
    },
  },
  ...['commit', 'ROLLBACK', ' /* now */ end', '-- so\nbegin', ';release busbar', 'savepoint mine'].map((sql) => ({
    name: `a work may not execute ${JSON.stringify(sql)}`,
    async run(context: StoreConformanceContext) {
      const { store, effects } = await prepared(context);
      const before = store.settle(settlement('before', { effect: 'before' }));
      const settling = store.settle({
        row: row('a'),
        work(tx) {
          tx.run('insert into effects (name) values (?)', 'a');
          tx.run(sql);
          return [];
        },
      });
      await rejects(settling.written, 'TRANSACTION_CONTROL');
      await done(before);
      assert.deepEqual(await effects(), ['before']);
    },
  })),
  {
    name: 'works run in the order of the calls, and see what those before them wrote',
    async run(context) {
      const { store } = await prepared(context);
      const seen: number[] = [];
      const settlings = Array.from({ length: 600 }, (_, index) =>
        store.settle({
          row: row(`r-${index}`),
          work(tx) {
            seen.push(tx.get<{ n: number }>('select count(*) as n from effects')?.n ?? -1);
            tx.run('insert into effects (name) values (?)', `r-${index}`);
            return [];
          },
        }),
      );
      await Promise.all(settlings.map(done));
      assert.deepEqual(
        seen,
        Array.from({ length: 600 }, (_, index) => index),
      );
    },
  },
  {
    name: 'get answers undefined for no row, all an empty list, run the number of changes, also with RETURNING',
    async run(context) {
      const { store } = await prepared(context);
      const answers = await store.transaction((tx) => [
        tx.get('select * from effects'),
        tx.all('select * from effects'),
        tx.run("insert into effects (name) values ('a'), ('b')").changes,
        tx.run("update effects set name = name || '!' returning name").changes,
        tx.get<{ name: string }>('select name from effects order by name')?.name,
      ]);
      assert.deepEqual(answers, [undefined, [], 2, 2, 'a!']);
    },
  },
  {
    name: 'values come back as they went in: bytes, also alone and empty, null, text, exact integers',
    async run(context) {
      const { store } = await prepared(context);
      const one = <T>(value: T) =>
        store.transaction((tx) => {
          tx.run('delete from blobs');
          tx.run('insert into blobs (value) values (?)', value as never);
          return tx.get<{ value: T }>('select value from blobs where value is ?', value as never)?.value;
        });
      assert.deepEqual(await one(Buffer.from([0, 255, 10])), Buffer.from([0, 255, 10]));
      assert.equal(await one(null), null);
      assert.equal(await one('Grüße 🚌'), 'Grüße 🚌');
      assert.equal(await one(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
      await assert.rejects(one(true), TypeError);
    },
  },
  {
    name: 'read sees nothing that is not committed',
    async run(context) {
      const { store, effects } = await prepared(context);
      const settling = store.settle(settlement('a', { effect: 'a' }));
      assert.deepEqual(await effects(), []);
      await settling.committed;
      assert.deepEqual(await effects(), ['a']);
    },
  },
  {
    name: 'flush makes durable what is written, committed waits for it, both at once when there is nothing',
    async run(context) {
      const { store, effects } = await prepared(context);
      await store.flush();
      await store.committed();
      const settling = store.settle(settlement('a', { effect: 'a' }));
      await Promise.all([store.committed(), store.flush()]);
      assert.deepEqual(await effects(), ['a']);
      await settling.committed;
    },
  },
  {
    name: 'a transaction resolves to its result when it is durable, and rolls back when it throws',
    async run(context) {
      const { store, effects } = await prepared(context);
      assert.equal(await store.transaction((tx) => tx.run("insert into effects (name) values ('a')").changes), 1);
      assert.deepEqual(await effects(), ['a']);
      const error = new Error('no');
      const failing = store.transaction((tx) => {
        tx.run("insert into effects (name) values ('b')");
        throw error;
      });
      await assert.rejects(failing, (thrown) => thrown === error);
      assert.deepEqual(await effects(), ['a']);
    },
  },
  {
    name: 'a transaction is over when its work is',
    async run(context) {
      const { store } = await prepared(context);
      let kept: SqlTransaction | undefined;
      await store.transaction((tx) => void (kept = tx));
      assert.throws(() => kept?.run('delete from effects'), { code: 'ATTEMPT_OVER' });
    },
  },
  {
    name: 'a settlement asked for inside a work takes its turn after it',
    async run(context) {
      const { store, effects } = await prepared(context);
      let inner: Settling | undefined;
      const outer = store.transaction((tx) => {
        inner = store.settle(settlement('inner', { effect: 'inner' }));
        tx.run("insert into effects (name) values ('outer')");
      });
      await outer;
      await done(inner as Settling);
      assert.deepEqual(await effects(), ['outer', 'inner']);
    },
  },
  {
    name: 'closing commits what is pending; afterwards everything is refused with STORE_CLOSED; it may be opened again',
    async run(context) {
      const { store } = await prepared(context);
      const settling = store.settle(settlement('a'));
      await store.close();
      await settling.committed;
      await rejects(store.settle(settlement('b')).written, 'STORE_CLOSED');
      await rejects(
        store.transaction(() => 1),
        'STORE_CLOSED',
      );
      await rejects(store.flush(), 'STORE_CLOSED');
      await rejects((async () => store.find('g', '/s', 'a'))(), 'STORE_CLOSED');
      await store.close();
      await store.open();
      assert.notEqual(await store.find('g', '/s', 'a'), undefined);
      assert.equal(await store.find('g', '/s', 'b'), undefined);
    },
  },
];
