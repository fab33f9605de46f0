import { existsSync } from 'node:fs';

import Database from 'libsql';
import { describe, expect, it } from 'vitest';

import { contractOf } from '../../src/event/contract-of.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import type { TopicDescription } from '../../src/kafka/driver.js';
import type { LedgerFacts, ProcessorFacts } from '../../src/service/ledger/ledger-facts.js';
import { PromiseLedger } from '../../src/service/ledger/promise-ledger.js';
import { SHOWN_BY } from '../../src/service/ledger/shown-by.js';
import { spanOf } from '../../src/service/ledger/span.js';
import { ledgerTable } from '../../src/service/ledger/table.js';
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { temporaryDatabase } from '../support/billing.js';
import { expectGolden } from '../support/golden.js';
import { CacheCleared, OrderPlaced } from '../support/shop.js';

const DAY_MS = 86_400_000;

@DomainEvent({ name: 'heartbeat_sent', topic: 'heartbeats' })
class HeartbeatSent {}

@DomainEvent({ name: 'price_changed', topic: 'orders', direction: 'in' })
class PriceChanged {}

const topic = (more: Partial<TopicDescription> = {}): TopicDescription => ({
  topic: 'shop.orders',
  partitions: 3,
  replicationFactor: 3,
  minInsyncReplicas: 2,
  uncleanLeaderElection: false,
  retentionMs: 7 * DAY_MS,
  maxBatchBytes: 1_048_588,
  ...more,
});

const processor = (more: Partial<ProcessorFacts> = {}): ProcessorFacts => ({
  name: 'tally',
  handles: [contractOf(OrderPlaced)],
  concurrency: 1,
  from: 'earliest',
  publishes: true,
  ...more,
});

/** Everything as strong as it can be. */
const STRONG: LedgerFacts = {
  keeping: 'kafka',
  acks: 'all',
  contracts: [contractOf(OrderPlaced), contractOf(CacheCleared)],
  processors: [processor()],
  topics: new Map([['orders', topic()]]),
  mapped: new Set(),
  store: { kind: 'sqlite', synchronous: 'full' },
  broadcast: undefined,
  from: 'earliest',
};

const orders = (more: Partial<TopicDescription>) => ({ topics: new Map([['orders', topic(more)]]) });

const VARIANTS: readonly (readonly [name: string, facts: Partial<LedgerFacts>])[] = [
  ['without-a-store', { store: undefined }],
  ['acks-1', { acks: '1' }],
  ['acks-0', { acks: '0' }],
  ['one-copy', orders({ replicationFactor: 1, minInsyncReplicas: 1 })],
  ['min-insync-1-unclean', orders({ minInsyncReplicas: 1, uncleanLeaderElection: true })],
  ['topic-not-read', { topics: new Map() }],
  ['retention-for-ever', orders({ retentionMs: -1 })],
  ['embedded', { keeping: { embedded: undefined }, ...orders({ replicationFactor: 1, minInsyncReplicas: 1 }) }],
  ['embedded-directory', { keeping: { embedded: './data' }, ...orders({ replicationFactor: 1, minInsyncReplicas: 1 }) }],
  ['in-memory', { keeping: 'memory', store: undefined }],
  ['synchronous-normal', { store: { kind: 'sqlite', synchronous: 'normal' } }],
  ['concurrency', { processors: [processor({ concurrency: 8 })] }],
  [
    'keyless',
    {
      contracts: [contractOf(HeartbeatSent), contractOf(PriceChanged)],
      processors: [
        processor({ handles: [contractOf(OrderPlaced), contractOf(HeartbeatSent)] }),
        processor({ name: 'beats', handles: [contractOf(HeartbeatSent)], concurrency: 4, publishes: false }),
      ],
      topics: new Map([
        ['orders', topic()],
        ['heartbeats', topic({ topic: 'shop.heartbeats', retentionMs: 36 * 3_600_000 })],
      ]),
    },
  ],
  ['latest', { from: 'latest', processors: [processor({ from: 'latest' })] }],
  ['broadcast', { broadcast: 'foreign' }],
  ['records-without-ids', { mapped: new Set(['orders']) }],
];

describe('The promise ledger', () => {
  it('says yes to everything where nothing weakens a promise', () => {
    const { rows } = new PromiseLedger(STRONG);
    expect(rows.filter(({ holds, weakenedBy }) => holds !== 'yes' || weakenedBy.length > 0)).toEqual([]);
    expectGolden('promises/strong.txt', String(new PromiseLedger(STRONG)));
  });

  it.each(VARIANTS)('says what is different: %s', (name, facts) => {
    const strong = new PromiseLedger(STRONG).rows.map((row) => JSON.stringify(row));
    const different = new PromiseLedger({ ...STRONG, ...facts }).rows.filter((row) => !strong.includes(JSON.stringify(row)));
    for (const { holds, weakenedBy } of different) expect(holds === 'yes').toBe(weakenedBy.length === 0);
    expectGolden(`promises/${name}.txt`, ledgerTable(different));
  });

  it('is plain data that survives JSON', () => {
    const { rows } = new PromiseLedger(STRONG);
    expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
  });

  it('names tests that are there', () => {
    const named = [...new Set(Object.values(SHOWN_BY).flat())];
    expect(named.filter((path) => !existsSync(new URL(`../../../${path}`, import.meta.url)))).toEqual([]);
  });

  it('fits 120 columns whatever the names are', () => {
    const name = `order_${'x'.repeat(200)}`;
    const row = { promise: 'order', holds: 'weakened', says: name, weakenedBy: [name], shownBy: [name] } as const;
    const table = ledgerTable([{ subject: `event ${name}`, ...row }]);
    expect(Math.max(...table.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
    expect(table.replaceAll(/\s/g, '').split('x').length - 1).toBe(4 * 200);
  });

  it('puts what is promised alike together', () => {
    const row = { promise: 'order', holds: 'yes', says: 'as it was', weakenedBy: [], shownBy: ['a.test.ts'] } as const;
    const table = ledgerTable(['event a', 'event b'].map((subject) => ({ subject, ...row })));
    expect(table.split('\n')[0]).toBe('event a, event b');
  });

  it('says how long in whole units', () => {
    expect([14 * DAY_MS, DAY_MS, 36 * 3_600_000, 90_000, 1_500].map(spanOf)).toEqual([
      '14 days',
      '1 day',
      '36 hours',
      '90 seconds',
      '1500 ms',
    ]);
  });
});

describe('What a COMMIT survives', () => {
  it('is what SQLite says of the connection, not what was asked of it', async () => {
    const path = temporaryDatabase();
    const weaker = () => {
      const database = new Database(path);
      const exec = database.exec.bind(database);
      database.exec = (sql: string) => exec(sql.replace('synchronous = full', 'synchronous = normal'));
      return database;
    };
    for (const [open, synchronous] of [[() => new Database(path), 'full'] as const, [weaker, 'normal'] as const]) {
      const store = sqliteStore({ open });
      await store.open();
      expect(store.durability).toEqual({ kind: 'sqlite', synchronous });
      await store.close();
    }
  });
});
