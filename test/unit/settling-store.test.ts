import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sqliteStore, type SqliteHandle } from 'busbar/store';
import Libsql from 'libsql';
import { afterAll, describe, expect, it } from 'vitest';

import type { EventContext } from '../../src/bus/event-context.js';
import { InboxSettler } from '../../src/inbound/inbox-settler.js';
import { KeyedChain } from '../../src/inbound/keyed-chain.js';
import type { Handled } from '../../src/inbound/line-options.js';
import { BeginAgain } from '../../src/inbound/scope.js';
import { deadLetter, retry } from '../../src/policy/policy.js';
import type { Store } from '../../src/store/store.js';
import type { OrderPlaced } from '../support/events.js';
import { eventually, GROUP, order, Processing } from '../support/processing.js';
import { inRecord, settleDown } from '../support/records.js';

const directory = mkdtempSync(join(tmpdir(), 'busbar-settling-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A store whose `begin immediate` and `commit` do what the test says first. */
async function opened(before: (sql: string) => void = () => undefined): Promise<Store> {
  const path = join(directory, `${randomUUID()}.db`);
  const open = (): SqliteHandle => {
    const handle = new Libsql(path);
    return {
      prepare: (sql) => handle.prepare(sql),
      exec: (sql) => {
        before(sql);
        handle.exec(sql);
      },
      close: () => handle.close(),
    };
  };
  const store = sqliteStore({ open });
  await store.open();
  await store.transaction((tx) => {
    tx.run('create table effects (id integer)');
    tx.run('create table parents (id integer primary key)');
    tx.run('create table children (parent integer references parents (id) deferrable initially deferred)');
  });
  return store;
}

const busy = (): Error => Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });
const broken = (): Error => Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR' });
const effect = (event: OrderPlaced, ctx: EventContext): void =>
  ctx.transaction((tx) => void tx.run('insert into effects values (?)', event.amount));

describe('Settling with a store', () => {
  it('goes on after a COMMIT failed beneath a record whose own work had failed in the same group', async () => {
    const store = await opened();
    const billing = new Processing({
      store,
      handle: (event, ctx) => {
        ctx.transaction((tx) => {
          if (event.orderId === 'unlucky' && ctx.attempt === 1) throw new Error('the work');
          if (event.orderId === 'orphan') tx.run('insert into children (parent) values (7)');
        });
      },
      policies: [retry({ attempts: 2, backoffMs: 20 }), deadLetter()],
    });
    const [one, other] = [billing.assign(), billing.assign()];
    void other.line.accept([order(0, { id: 'orphan', key: 'orphan' })]);
    void one.line.accept([order(0, { id: 'a', key: 'unlucky' }), order(1, { key: 'b' })]);
    await eventually(() => one.claim.offsets.at(-1) === 2);
    await eventually(() => other.claim.offsets.at(-1) === 1);
    expect(billing.books()).toMatchObject({ handled: 2, deadLettered: 1 });
    await store.close();
  });

  it('given a work that breaks a deferred constraint and no neighbours, lets the policy decide', async () => {
    const store = await opened();
    const billing = new Processing({
      store,
      handle: (_event, ctx) => ctx.transaction((tx) => void tx.run('insert into children (parent) values (7)')),
      policies: [deadLetter()],
    });
    const { claim, line } = billing.assign();
    void line.accept([order(0)]);
    await eventually(() => claim.offsets.at(-1) === 1);
    expect(billing.books()).toMatchObject({ deadLettered: 1 });
    expect(billing.restarts).toHaveLength(1);
    await store.close();
  });

  it('gives no outcome and moves no offset before COMMIT, also not of a copy in another partition', async () => {
    let locked = false;
    const store = await opened((sql) => {
      if (locked && sql === 'commit') throw busy();
    });
    locked = true;
    const billing = new Processing({ store, handle: effect });
    const [one, other] = [billing.assign(), billing.assign()];
    void one.line.accept([order(0, { id: 'twice', key: 'a' })]);
    await settleDown();
    void other.line.accept([{ ...order(0, { id: 'twice', key: 'b' }), partition: 1 }]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([one.claim.offsets, other.claim.offsets]).toEqual([[], []]);
    expect(billing.books()).toMatchObject({ delivered: 2, inFlight: 2 });
    locked = false;
    await eventually(() => one.claim.offsets.length > 0 && other.claim.offsets.length > 0);
    expect(billing.books()).toMatchObject({ handled: 1, duplicate: 1 });
    await store.close();
  });

  it('writes nothing behind a COMMIT that failed, also when a copy came between: the effects of a key stay in order', async () => {
    let failing = false;
    const store = await opened((sql) => {
      if (failing && sql === 'commit') throw broken();
    });
    const settler = new InboxSettler({ group: GROUP, store, send: () => Promise.resolve(), hear: () => undefined });
    const scope = { closing: new AbortController().signal, over: new AbortController().signal, chain: new KeyedChain() };
    const written: number[] = [];
    const settle = (offset: number, id = `event-${offset}`): Promise<unknown> =>
      Promise.resolve(
        settler.settle(
          {
            record: inRecord(offset),
            identity: { source: '/s', id },
            outcome: 'skipped',
            call: { runWorks: () => (written.push(offset), []) } as never,
          },
          scope,
        ),
      );
    await settle(0, 'copied');
    await store.flush();
    failing = true;
    const first = await settle(1);
    const copy = await settle(0, 'copied');
    expect([first, copy]).toMatchObject([{ outcome: 'skipped' }, { outcome: 'duplicate' }]);
    const lost = store.flush();
    failing = false;
    // In the same turn in which the COMMIT failed: nobody has heard of it.
    const behind = settle(2);
    await expect(lost).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await expect(behind).rejects.toBeInstanceOf(BeginAgain);
    expect(written).toEqual([0, 1]);
    await expect((first as Handled).safe).rejects.toBeInstanceOf(BeginAgain);
    await expect((copy as Handled).safe).rejects.toBeInstanceOf(BeginAgain);
    await store.close();
  });

  it('writes nothing behind a row that was found in a group that is lost then: the line that found it had not written it', async () => {
    let failing = false;
    const store = await opened((sql) => {
      if (failing && sql === 'commit') throw broken();
    });
    const settler = new InboxSettler({ group: GROUP, store, send: () => Promise.resolve(), hear: () => undefined });
    const scope = () => ({ closing: new AbortController().signal, over: new AbortController().signal, chain: new KeyedChain() });
    const written: number[] = [];
    const settle = (offset: number, where: ReturnType<typeof scope>): Promise<unknown> =>
      Promise.resolve(
        settler.settle(
          {
            record: inRecord(offset),
            identity: { source: '/s', id: `event-${offset}` },
            outcome: 'handled',
            call: { runWorks: () => (written.push(offset), []) } as never,
          },
          where,
        ),
      );
    failing = true;
    const first = (await settle(0, scope())) as Handled;
    // The line began again meanwhile, and finds the row of a transaction that is open still.
    const again = scope();
    const identity = { source: '/s', id: 'event-0' };
    expect(await settler.isSettled(identity, inRecord(0))).toBe(true);
    const repeated = settler.repeat(identity, inRecord(0), again);
    const lost = store.flush();
    failing = false;
    const behind = settle(1, again);
    await expect(lost).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await expect(behind).rejects.toBeInstanceOf(BeginAgain);
    expect(written).toEqual([0]);
    await expect(first.safe).rejects.toBeInstanceOf(BeginAgain);
    await expect(repeated.safe).rejects.toBeInstanceOf(BeginAgain);
    await store.close();
  });

  it('has no effect when the time to finish was over before the transaction began', async () => {
    let locked = false;
    const store = await opened((sql) => {
      if (locked && sql === 'begin immediate') throw busy();
    });
    locked = true;
    const billing = new Processing({ store, handle: effect });
    const { claim, line } = billing.assign();
    void line.accept([order(0)]);
    await settleDown();
    claim.revoke();
    line.abandon();
    locked = false;
    await store.flush();
    expect(await store.read('select * from effects')).toEqual([]);
    expect(store.find(GROUP, '/shop', 'event-0')).toBeUndefined();
    expect(billing.books()).toMatchObject({ delivered: 1, abandoned: 1 });
    await store.close();
  });

  it('asks no policy about a failure of the store: the record is delivered again', async () => {
    let failures = 0;
    const store = await opened((sql) => {
      if (sql === 'begin immediate' && failures-- > 0) throw broken();
    });
    failures = 2;
    const billing = new Processing({ store, handle: effect, policies: [deadLetter()] });
    const { claim, line } = billing.assign();
    void line.accept([order(0), order(1)]);
    await eventually(() => claim.offsets.at(-1) === 2);
    expect(billing.books()).toMatchObject({ handled: 2, deadLettered: 0 });
    expect(billing.restarts.length).toBeGreaterThan(0);
    expect(billing.notices.map(({ code }) => code)).not.toContain('DEAD_LETTERED');
    expect(await store.read('select * from effects')).toEqual([{ id: 0 }, { id: 1 }]);
    await store.close();
  });

  it('ends when the store was closed under it: what is not settled is abandoned', async () => {
    const store = await opened();
    const billing = new Processing({ store, handle: effect });
    const { claim, line } = billing.assign();
    await store.close();
    void line.accept([order(0), order(1)]);
    await eventually(() => billing.restarts.length > 0);
    claim.revoke();
    await line.drain(60_000);
    expect(claim.offsets).toEqual([]);
    expect(billing.books()).toMatchObject({ inFlight: 0, handled: 0 });
  });
});
