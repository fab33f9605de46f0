import assert from 'node:assert/strict';

import { BusbarError, type ErrorCode } from '../errors.js';
import type { InboxRow, Settlement, Settling, StagedRecord, Store } from '../store/store.js';

export interface StoreConformanceContext {
  /**
   * Opens a store on the database of this case, empty at first. A second call opens the same database once more, as
   * another process would. The caller closes what was opened when the case is over.
   */
  open(): Promise<Store>;
  /** Works on this store are synchronous: promises are refused. */
  readonly synchronous: boolean;
}

export interface StoreConformanceCase {
  readonly name: string;
  run(context: StoreConformanceContext): Promise<void>;
}

export async function prepared(context: StoreConformanceContext): Promise<{ store: Store; effects: () => Promise<string[]> }> {
  const store = await context.open();
  await store.transaction((tx) => {
    tx.run('create table effects (name text primary key, place integer)');
    tx.run('create table blobs (value)');
    tx.run(
      'create trigger placed after insert on effects begin update effects set place = (select count(*) from effects) where name = new.name; end',
    );
  });
  const effects = async () => (await store.read<{ name: string }>('select name from effects order by place')).map(({ name }) => name);
  return { store, effects };
}

export function row(id: string, other: Partial<InboxRow> = {}): InboxRow {
  return { group: 'g', source: '/s', id, outcome: 'handled', topic: 't', partition: 2, offset: 7, ...other };
}

export function record(id: string): StagedRecord {
  return { id, topic: 't', key: Buffer.from('k'), value: Buffer.from(id), headers: { ce_id: id }, timestamp: 1 };
}

export interface SettlementParts {
  readonly row?: Partial<InboxRow>;
  readonly effect?: string;
  readonly stage?: readonly StagedRecord[];
}

export function settlement(id: string, parts: SettlementParts = {}): Settlement {
  return {
    row: row(id, parts.row),
    work(tx) {
      if (parts.effect !== undefined) tx.run('insert into effects (name) values (?)', parts.effect);
      return parts.stage ?? [];
    },
  };
}

export async function done({ written, committed }: Settling): Promise<Awaited<Settling['written']>> {
  const answer = await written;
  await committed;
  return answer;
}

export async function rejects(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof BusbarError && error.code === code);
}
