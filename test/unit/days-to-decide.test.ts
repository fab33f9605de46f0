import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sqliteStore, type Store } from 'busbar/store';
import Libsql from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { DaysToDecide } from '../../processors/decision/days-to-decide.js';

describe('days to decide', () => {
  const days = new DaysToDecide();
  let dir: string;
  let store: Store;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'busbar-days-'));
    store = sqliteStore({ open: () => new Libsql(join(dir, 'busbar.db')) });
    await store.open();
    await store.transaction((tx) => days.createTable(tx));
  });
  afterEach(async () => {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const started = (debateId: string, at: string) => store.transaction((tx) => days.started(tx, debateId, new Date(at)));
  const decided = (debateId: string, at: string) => store.transaction((tx) => days.decided(tx, debateId, new Date(at)));

  it('are known when the decision follows the start', async () => {
    expect(await started('d', '2025-01-01T12:00:00Z')).toBeUndefined();
    expect(await decided('d', '2025-01-04T11:59:59Z')).toBe(2);
  });

  it('are known when the start arrives after the decision', async () => {
    expect(await decided('d', '2025-01-04T12:00:00Z')).toBeUndefined();
    expect(await started('d', '2025-01-01T12:00:00Z')).toBe(3);
  });

  it('become known once, whatever comes later', async () => {
    await started('d', '2025-01-02T00:00:00Z');
    expect(await decided('d', '2025-01-04T00:00:00Z')).toBe(2);
    expect(await started('d', '2025-01-01T00:00:00Z')).toBeUndefined();
    expect(await decided('d', '2025-01-03T00:00:00Z')).toBeUndefined();
  });

  it('count from the earliest start to the earliest decision', async () => {
    for (const at of ['2025-01-03T00:00:00Z', '2025-01-01T00:00:00Z', '2025-01-02T00:00:00Z']) await started('d', at);
    expect(await decided('d', '2025-01-11T00:00:00Z')).toBe(10);
  });

  it('are known of each debate by itself', async () => {
    await started('one', '2025-01-01T00:00:00Z');
    expect(await decided('other', '2025-01-02T00:00:00Z')).toBeUndefined();
  });
});
