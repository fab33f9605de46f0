import { describe, expect, it } from 'vitest';

import { inboxRetention, pruneInbox } from '../../src/service/inbox-pruning.js';
import { Notices } from '../../src/telemetry/notices.js';
import { newStore } from '../support/billing.js';

const topic = (retentionMs: number) => ({
  topic: 't',
  partitions: 1,
  replicationFactor: 1,
  minInsyncReplicas: 1,
  uncleanLeaderElection: false,
  retentionMs,
  maxBatchBytes: 1_048_588,
});

describe('The inbox', () => {
  it('remembers twice as long as the longest topic keeps its records', () => {
    expect(inboxRetention([topic(1_000), topic(5_000)])).toBe(10_000);
  });

  it('remembers for ever when a topic keeps its records for ever', () => {
    expect(inboxRetention([topic(1_000), topic(-1)])).toBeUndefined();
    expect(inboxRetention([])).toBeUndefined();
  });

  it('forgets what is older and keeps the rest', async () => {
    const store = newStore();
    await store.open();
    const settle = (id: string) =>
      store.settle({
        row: { group: 'g', source: '/s', id, outcome: 'handled', topic: 't', partition: 0, offset: 0 },
        work: () => [],
      }).committed;
    await settle('old');
    await settle('young');
    await store.transaction((tx) => tx.run("update busbar_inbox set settled_at = settled_at - 3600000 where id = 'old'"));
    await pruneInbox(store, 1_800_000, new Notices())();
    expect(await store.find('g', '/s', 'old')).toBeUndefined();
    expect(await store.find('g', '/s', 'young')).toBeDefined();
    await store.close();
  });

  it('says so when it cannot be pruned, and nothing else happens', async () => {
    const store = newStore();
    const notices = new Notices();
    const heard: string[] = [];
    notices.onNotice(({ code }) => heard.push(code));
    await pruneInbox(store, 1_000, notices)();
    expect(heard).toEqual(['STORE_FAILED']);
  });
});
