import assert from 'node:assert/strict';

import { BusbarError } from '../errors.js';
import {
  done,
  prepared,
  record,
  row,
  settlement,
  type StoreConformanceCase,
  type StoreConformanceContext,
} from './store-conformance-stage.js';
import type { StagedRecord } from '../store/store.js';

/** What the inbox row decides, and what is kept with it. */
export const INBOX_CASES: readonly StoreConformanceCase[] = [
  {
    name: 'a settlement writes the inbox row, the effects and the staged records together',
    async run(context) {
      const { store, effects } = await prepared(context);
      const settling = store.settle(settlement('a', { effect: 'a', stage: [record('s-1'), record('s-2')] }));
      const written = await settling.written;
      await settling.committed;
      assert.equal(written.result, 'written');
      assert.deepEqual(
        (await store.staged('g', '/s', 'a')).map(({ id }) => id),
        ['s-1', 's-2'],
      );
      assert.deepEqual(await effects(), ['a']);
      assert.deepEqual(await store.find('g', '/s', 'a'), row('a'));
      assert.equal(store.lostGroups, 0);
    },
  },
  {
    name: 'what a COMMIT survives is said while the store is open, and only then',
    async run(context) {
      const store = await context.open();
      const { kind, synchronous } = store.durability;
      assert.match(kind, /^\w+$/);
      assert.match(synchronous, /^\w+$/);
      await store.close();
      assert.throws(
        () => store.durability,
        (error) => error instanceof BusbarError && error.code === 'STORE_CLOSED',
      );
    },
  },
  {
    name: 'a row is found as soon as it is written, before it is durable; others find it when it is',
    async run(context) {
      const { store } = await prepared(context);
      const other = await context.open();
      const settling = store.settle(settlement('a'));
      await settling.written;
      assert.notEqual(await store.find('g', '/s', 'a'), undefined);
      await settling.committed;
      assert.notEqual(await other.find('g', '/s', 'a'), undefined);
    },
  },
  {
    name: 'a record that was handled is a duplicate for its group, and only there',
    async run(context) {
      const { store, effects } = await prepared(context);
      await done(store.settle(settlement('a', { effect: 'first' })));
      const again = await done(store.settle(settlement('a', { effect: 'second', row: { offset: 99 } })));
      assert.deepEqual(again, { result: 'duplicate' });
      await done(store.settle(settlement('a', { effect: 'other group', row: { group: 'h' } })));
      await done(store.settle(settlement('a', { effect: 'other source', row: { source: '/t' } })));
      assert.deepEqual(await effects(), ['first', 'other group', 'other source']);
    },
  },
  ...(['deadLettered', 'skipped'] as const).map((outcome) => ({
    name: `a ${outcome} row makes only the same offset a duplicate, and another copy takes it over`,
    async run(context: StoreConformanceContext) {
      const { store } = await prepared(context);
      await done(store.settle(settlement('a', { row: { outcome } })));
      assert.equal((await done(store.settle(settlement('a')))).result, 'duplicate');
      assert.equal((await done(store.settle(settlement('a', { row: { offset: 8 } })))).result, 'written');
      assert.deepEqual(await store.find('g', '/s', 'a'), row('a', { offset: 8 }));
      assert.equal((await done(store.settle(settlement('a', { row: { offset: 9 } })))).result, 'duplicate');
    },
  })),
  {
    name: 'what a row had staged and not sent is handed on to the copy that takes it over',
    async run(context) {
      const { store } = await prepared(context);
      await done(store.settle(settlement('a', { row: { outcome: 'deadLettered' }, stage: [record('dead')] })));
      const written = await done(store.settle(settlement('a', { row: { offset: 8 }, stage: [record('new')] })));
      assert.deepEqual(written.result === 'written' && written.staged.map(({ id }) => id), ['dead', 'new']);
    },
  },
  {
    name: 'staged records are kept exactly, in order, until they are sent',
    async run(context) {
      const { store } = await prepared(context);
      const strange: StagedRecord = {
        id: 'strange',
        topic: 't',
        key: null,
        value: null,
        headers: {
          a: 'text',
          b: Buffer.from([0, 255]),
          c: ['x', Buffer.from('y')],
          d: [],
          e: '',
          f: Buffer.alloc(0),
          ['__proto__']: 'own',
        },
        timestamp: 1_700_000_000_123,
      };
      const empty = { ...record('empty'), key: Buffer.alloc(0), value: Buffer.alloc(0) };
      const written = await done(store.settle(settlement('a', { stage: [record('plain'), strange, empty] })));
      assert.equal(written.result, 'written');
      const stored = await (await context.open()).staged('g', '/s', 'a');
      assert.deepEqual(stored, written.result === 'written' && written.staged);
      assert.deepEqual(
        stored.map(({ sequence: _, ...rest }) => rest),
        [record('plain'), strange, empty],
      );
      await store.sent(stored.slice(0, 2).map(({ sequence }) => sequence));
      assert.deepEqual(
        (await store.staged('g', '/s', 'a')).map(({ id }) => id),
        ['empty'],
      );
      await store.sent(stored.slice(2).map(({ sequence }) => sequence));
      const more = await done(store.settle(settlement('b', { stage: [record('later')] })));
      assert.ok(more.result === 'written' && (more.staged[0]?.sequence ?? 0) > (stored[2]?.sequence ?? Infinity));
    },
  },
  {
    name: 'two stores on one database settle one record once',
    async run(context) {
      const { store, effects } = await prepared(context);
      const other = await context.open();
      const results = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          [store, other].map(async (each) => done(each.settle(settlement(`r-${index}`, { effect: `r-${index}` })))),
        ).flat(),
      );
      assert.equal(results.filter(({ result }) => result === 'written').length, 200);
      assert.equal(results.filter(({ result }) => result === 'duplicate').length, 200);
      assert.equal((await effects()).length, 200);
    },
  },
  {
    name: 'partitions are declared once per topic; started is remembered',
    async run(context) {
      const { store } = await prepared(context);
      assert.deepEqual(await store.partitions('g', 't'), new Map());
      await store.declare('g', 't', [0, 1]);
      await store.declare('g', 't', [0, 1, 2]);
      await store.started('g', 't', 1);
      await store.declare('g', 't', [0, 1]);
      await store.started('g', 't', 5);
      const expected = new Map([
        [0, 'starting'],
        [1, 'started'],
        [5, 'started'],
      ]);
      assert.deepEqual(await (await context.open()).partitions('g', 't'), expected);
      assert.deepEqual(await store.partitions('h', 't'), new Map());
    },
  },
  {
    name: 'prune deletes what was settled before, but nothing whose staged records wait to be sent',
    async run(context) {
      const { store } = await prepared(context);
      const settlings = Array.from({ length: 2_500 }, (_, index) => store.settle(settlement(`r-${index}`)));
      settlings.push(store.settle(settlement('waiting', { stage: [record('s')] })));
      await Promise.all(settlings.map(done));
      assert.equal(await store.prune(Date.now() - 3_600_000), 0);
      assert.equal(await store.prune(Date.now() + 1), 2_500);
      assert.notEqual(await store.find('g', '/s', 'waiting'), undefined);
      assert.equal(await store.find('g', '/s', 'r-0'), undefined);
      await store.sent((await store.staged('g', '/s', 'waiting')).map(({ sequence }) => sequence));
      assert.equal(await store.prune(Date.now() + 1), 1);
    },
  },
];
