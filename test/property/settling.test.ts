import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sqliteStore, type SqliteHandle } from 'busbar/store';
import Libsql from 'libsql';
import { describe, expect, it } from 'vitest';

import type { EventContext } from '../../src/bus/event-context.js';
import { uuidv5 } from '../../src/event/uuid.js';
import { Abandoned, pause } from '../../src/inbound/scope.js';
import type { SendStaged } from '../../src/inbound/settler.js';
import type { InRecord } from '../../src/kafka/record.js';
import { deadLetter, retry } from '../../src/policy/policy.js';
import { OrderBilled, type OrderPlaced } from '../support/events.js';
import { eventually, GROUP, order, Processing } from '../support/processing.js';
import { Random } from '../support/random.js';
import type { TestClaim } from '../support/records.js';

const PARTITIONS = 2;
const RECORDS = 40;

/** What happens to an event wherever a copy of it is handled: told by its id. */
interface Plan {
  readonly id: string;
  /** Attempts that fail before one succeeds. */
  readonly failures: number;
  readonly failsIn: 'handler' | 'work' | 'commit';
  readonly bills: number;
}

/** One life of two partitions: random logs and handlers, a store whose COMMIT fails, partitions that come and go. */
class Life {
  readonly random: Random;
  readonly concurrency: number;
  readonly plans = new Map<string, Plan>();
  readonly logs: InRecord[][] = [];
  /** Offsets in the order in which each was begun for the first time, by partition. */
  readonly firstStarts: number[][] = [];
  /** Offsets that moved backwards, or past a record that was not settled. */
  readonly passedOver: number[] = [];
  readonly store;
  readonly processing: Processing;
  readonly #directory = mkdtempSync(join(tmpdir(), 'busbar-life-'));
  /** From here on nothing fails that is not in the plan of an event. */
  calm = true;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.concurrency = this.random.pick([1, 1, 3, 8]);
    const file = join(this.#directory, 'store.db');
    this.store = sqliteStore({ open: () => this.#unreliable(new Libsql(file)) });
    for (let partition = 0; partition < PARTITIONS; partition++) {
      this.logs.push(Array.from({ length: RECORDS }, (_, offset) => this.#newRecord(partition, offset)));
      this.firstStarts.push([]);
    }
    this.processing = new Processing({
      store: this.store,
      handle: (event, ctx) => this.#handle(event, ctx),
      policies: [retry({ attempts: 3, backoffMs: 1, otherwise: deadLetter() })],
      concurrency: this.concurrency,
      sending: this.#sending,
    });
  }

  async open(): Promise<void> {
    await this.store.open();
    await this.store.transaction((tx) => {
      tx.run('create table effects (id text, place text)');
      tx.run('create table parents (id integer primary key)');
      tx.run('create table children (parent integer references parents (id) deferrable initially deferred)');
    });
    this.calm = false;
  }

  /** Lives through a few assignments of a partition, then lets one come to its end. */
  async livePartition(partition: number): Promise<void> {
    const log = this.logs[partition] as InRecord[];
    let committed = 0;
    while (!this.calm && this.random.chance(0.8)) {
      const { claim, line } = this.processing.assign();
      this.#watch(claim, log, committed);
      const feeding = this.#feed(line, log.slice(committed));
      await this.random.turns(200);
      this.processing.books();
      claim.revoke();
      if (this.random.chance(0.3)) line.abandon();
      else await line.drain(this.random.below(20));
      await feeding;
      // What was settled last may not have been committed when the partition was taken away.
      committed = Math.max(committed, this.random.chance(0.3) ? (this.random.pick(claim.offsets) ?? 0) : (claim.offsets.at(-1) ?? 0));
    }
    const { claim, line } = this.processing.assign();
    this.#watch(claim, log, committed);
    const feeding = this.#feed(line, log.slice(committed));
    if (committed < RECORDS) await eventually(() => claim.offsets.at(-1) === RECORDS);
    await feeding;
    await line.drain(1_000);
  }

  async close(): Promise<void> {
    await this.store.close();
    rmSync(this.#directory, { recursive: true });
  }

  #newRecord(partition: number, offset: number): InRecord {
    const { random, plans } = this;
    const isCopy = plans.size > 0 && random.chance(0.2);
    const id = isCopy ? random.pick([...plans.keys()].slice(-8)) : `event-${partition}-${offset}`;
    if (!isCopy) {
      const failures = random.pick([0, 0, 0, 0, 1, 2, 9]);
      plans.set(id, { id, failures, failsIn: random.pick(['handler', 'work', 'commit']), bills: random.pick([0, 1, 1, 2, 3]) });
    }
    const record = order(offset, { id, key: random.pick(['a', 'b', 'c', undefined]) });
    // So that a handler knows where it is: no two partitions have the same amounts.
    return { ...record, partition, value: Buffer.from(JSON.stringify({ orderId: id, amount: partition * 1_000 + offset })) };
  }

  async #handle({ orderId, amount }: OrderPlaced, ctx: EventContext): Promise<void> {
    const [partition, offset] = [Math.floor(amount / 1_000), amount % 1_000];
    const starts = this.firstStarts[partition] as number[];
    if (!starts.includes(offset)) starts.push(offset);
    const plan = this.plans.get(orderId) as Plan;
    const fails = ctx.attempt <= plan.failures;
    ctx.transaction((tx) => {
      tx.run('insert into effects values (?, ?)', orderId, `${partition}@${offset}`);
      if (fails && plan.failsIn === 'work') throw new Error('the work');
      if (fails && plan.failsIn === 'commit') tx.run('insert into children values (7)');
    });
    for (let n = 0; n < plan.bills; n++) {
      const bill = (): void => void ctx.publish(new OrderBilled({ orderId, amount: n }));
      if (n === 2) ctx.transaction(bill);
      else bill();
      await this.random.turns(2);
    }
    await this.random.turns(5);
    if (fails && plan.failsIn === 'handler') throw new Error('the handler');
  }

  readonly #sending: SendStaged = async (_record, scope) => {
    for (;;) {
      if (scope.over.aborted) throw new Abandoned();
      await this.random.turns(6);
      if (this.calm || this.random.chance(0.9)) return;
      await pause(2, scope.closing);
    }
  };

  async #feed(line: { accept(records: readonly InRecord[]): Promise<void> }, records: readonly InRecord[]): Promise<void> {
    for (let at = 0; at < records.length;) {
      const size = 1 + this.random.below(12);
      await line.accept(records.slice(at, at + size));
      await this.random.turns(5);
      at += size;
    }
  }

  /** Every offset that is let go: behind the one before, and never past a record that is not settled for good. */
  #watch(claim: TestClaim, log: readonly InRecord[], from: number): void {
    let at = from;
    const settled = claim.settled.bind(claim);
    claim.settled = (next) => {
      if (next <= at) this.passedOver.push(next);
      const durable = this.store.read<{ id: string }>('select id from busbar_inbox') as { id: string }[];
      const ids = new Set(durable.map(({ id }) => id));
      for (const record of log.slice(at, next)) if (!ids.has(idOf(record))) this.passedOver.push(record.offset);
      at = next;
      settled(next);
    };
  }

  #unreliable(handle: SqliteHandle): SqliteHandle {
    const busy = (): Error => Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });
    return {
      prepare: (sql) => handle.prepare(sql),
      exec: (sql) => {
        if (!this.calm && sql === 'begin immediate' && this.random.chance(0.1)) throw busy();
        if (!this.calm && sql === 'commit' && this.random.chance(0.1)) throw busy();
        if (!this.calm && sql === 'commit' && this.random.chance(0.15)) {
          throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' });
        }
        handle.exec(sql);
      },
      close: () => handle.close(),
    };
  }
}

const idOf = ({ headers }: InRecord): string => String(headers['ce_id']);
const isAscending = (numbers: readonly number[]): boolean =>
  numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));

async function live(seed: number): Promise<void> {
  const life = new Life(seed);
  await life.open();
  const { processing, logs, plans, store } = life;
  const calming = setTimeout(() => (life.calm = true), 400);
  await Promise.all(logs.map((_, partition) => life.livePartition(partition)));
  clearTimeout(calming);

  expect(processing.failures).toEqual([]);
  expect(life.passedOver).toEqual([]);
  expect(processing.books()).toMatchObject({ inFlight: 0 });

  // Effects: once per event that can be handled, never for a place that was dead-lettered.
  const effects = await store.read<{ id: string; place: string }>('select id, place from effects order by rowid');
  const handled = [...plans.values()].filter(({ failures }) => failures < 3).map(({ id }) => id);
  const present = new Set(logs.flat().map(idOf));
  expect(effects.map(({ id }) => id).toSorted()).toEqual(handled.filter((id) => present.has(id)).toSorted());
  const letters = processing.sent.filter(({ topic }) => topic.endsWith('.dead-letter'));
  const dead = new Set(letters.map(({ headers }) => `${String(headers['x-dlq-partition'])}@${String(headers['x-dlq-offset'])}`));
  expect(effects.filter(({ place }) => dead.has(place))).toEqual([]);
  const hopeless = logs.flat().filter((record) => (plans.get(idOf(record))?.failures ?? 0) >= 3);
  expect([...dead].toSorted()).toEqual(hopeless.map(({ partition, offset }) => `${partition}@${offset}`).toSorted());

  // Order: the first start of each record of a key, or of all with one at a time. A copy may have passed for settled until
  // the COMMIT of the other one failed.
  const copies = logs.flat().map(idOf);
  const isAlone = (record: InRecord): boolean => copies.indexOf(idOf(record)) === copies.lastIndexOf(idOf(record));
  logs.forEach((log, partition) => {
    const starts = (life.firstStarts[partition] as number[]).filter((offset) => isAlone(log[offset] as InRecord));
    const took = effects.filter(({ place }) => place.startsWith(`${partition}@`)).map(({ place }) => Number(place.slice(2)));
    const effective = took.filter((offset) => isAlone(log[offset] as InRecord));
    if (life.concurrency === 1) expect([isAscending(starts), isAscending(effective)]).toEqual([true, true]);
    for (const key of ['a', 'b', 'c']) {
      const ofKey = (offset: number): boolean => String(log[offset]?.key) === key;
      expect([isAscending(starts.filter(ofKey)), isAscending(effective.filter(ofKey))]).toEqual([true, true]);
    }
  });

  // Derived events: all of them, with the ids that they always have, in their order.
  expect(await store.read('select * from busbar_staged')).toEqual([]);
  for (const { id, bills } of plans.values()) {
    const expected = handled.includes(id)
      ? Array.from({ length: bills }, (_, n) => uuidv5(GROUP, '/shop', id, 'order_billed', String(n)))
      : [];
    const sent = processing.sent
      .filter((record) => record.topic === 'busbar.bills' && String(record.key) === id)
      .map((record) => record.id);
    expect([...new Set(sent)]).toEqual(expected);
  }
  await life.close();
}

const seeds = Array.from({ length: Number(process.env['BUSBAR_SEEDS'] ?? 4) }, (_, n) => n + Number(process.env['BUSBAR_FIRST_SEED'] ?? 1));

describe('Settling, whatever happens', () => {
  it.each(seeds)('takes effect once, in order, and lets no offset move past what is not settled (seed %i)', live);
});
