import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { uuidv5 } from '../../src/event/uuid.js';
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { TestApplication } from '../support/application.js';
import { temporaryDatabase } from '../support/billing.js';
import { BOUNDARIES, type Boundary, type BoundaryRun, type Kind, KINDS, NEVER } from '../support/boundary.js';
import { OrderBilled, OrderPlaced } from '../support/events.js';
import { sharedKafka } from '../support/kafka.js';

const CHILD = fileURLToPath(new URL('../support/boundary-child.js', import.meta.url));
/** Three of each kind, all of one key, so that each has others before and behind it. */
const ORDERS = Array.from({ length: 12 }, (_, n) => ({ orderId: `o${n}`, amount: n }));
/** The middle one of each kind is the record at which the process dies. */
const victimOf = (kind: Kind): string => `o${KINDS[kind] + 4}`;

interface Ended {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function child(run: BoundaryRun): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [CHILD, JSON.stringify(run)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    process_.stdout.on('data', (chunk) => (stdout += String(chunk)));
    process_.stderr.on('data', (chunk) => (stderr += String(chunk)));
    process_.on('error', reject);
    process_.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

let bootstrap: string;
const started: TestApplication[] = [];

beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
});

afterAll(async () => {
  for (const application of started) await application.stop();
});

const cases = (Object.keys(KINDS) as Kind[]).flatMap((kind) =>
  (Object.keys(BOUNDARIES) as Boundary[]).filter((boundary) => !NEVER[kind].includes(boundary)).map((boundary) => ({ kind, boundary })),
);

describe('A process that is killed while it settles a record', () => {
  it.each(cases)('that $kind, at: $boundary — leaves its effects to happen once', async ({ kind, boundary }) => {
    const database = temporaryDatabase();
    const producer = await TestApplication.start({ events: [OrderPlaced, OrderBilled], processors: [], bootstrap, partitions: 1 });
    started.push(producer);
    const store = sqliteStore({ open: () => new Database(database) });
    await store.open();
    await store.transaction((tx) => {
      tx.run('create table totals (id text primary key, count integer)');
      for (const { orderId } of ORDERS) tx.run('insert into totals values (?, 0)', orderId);
    });
    for (const order of ORDERS) await producer.bus.publish(new OrderPlaced(order), { id: `event-${order.orderId}`, key: 'one' });

    const run = { bootstrap, prefix: producer.prefix, database };
    const killed = await child({ ...run, kill: { boundary, orderId: victimOf(kind) } });
    expect(killed.signal, JSON.stringify(killed)).toBe('SIGKILL');
    const finished = await child({ ...run, kill: undefined });
    expect(finished.code, JSON.stringify(finished)).toBe(0);

    const kindOf = ({ amount }: { amount: number }): number => amount % 4;
    const totals = await store.read<{ id: string; count: number }>('select id, count from totals order by id');
    const expected = ORDERS.map((order) => ({
      id: order.orderId,
      count: kindOf(order) === KINDS.both || kindOf(order) === KINDS.transacts ? 1 : 0,
    }));
    expect(totals).toEqual(expected.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
    expect(await store.read('select * from busbar_staged')).toEqual([]);
    await store.close();

    const publishing = ORDERS.filter((order) => kindOf(order) === KINDS.both || kindOf(order) === KINDS.publishes);
    const group = `${producer.prefix}.tests.billing`;
    const bills = (await producer.records('bills')).map(({ headers }) => String(headers['ce_id']));
    // The first time each is on the log is in the order of the causes, and a repetition has the same id.
    expect([...new Set(bills)]).toEqual(publishing.map(({ orderId }) => uuidv5(group, '/tests', `event-${orderId}`, 'order_billed', '0')));
    expect(bills.length).toBeLessThanOrEqual(publishing.length + 1);

    const letters = (await producer.records('orders.dead-letter')).map(({ headers }) => String(headers['ce_id']));
    expect([...new Set(letters)]).toEqual(ORDERS.filter((order) => kindOf(order) === KINDS.fails).map(({ orderId }) => `event-${orderId}`));
    expect(letters.length).toBeLessThanOrEqual(3 + 1);
  });
});
