import { describe, expect, it } from 'vitest';

import { RecentIds } from '../../src/inbound/recent-ids.js';

describe('the ids that are remembered without a store', () => {
  it('are told apart by their sources', () => {
    const recent = new RecentIds();
    recent.add('/shop', '1');
    expect([recent.has('/shop', '1'), recent.has('/other', '1'), recent.has('/shop', '2')]).toEqual([true, false, false]);
  });

  it('are at least the last 100, of all sources together, and at most 200', () => {
    const recent = new RecentIds(100);
    for (let i = 0; i < 1_000; i++) recent.add(`/source-${i % 7}`, String(i));
    const remembered = Array.from({ length: 1_000 }, (_, i) => recent.has(`/source-${i % 7}`, String(i)));
    expect(remembered.slice(-100)).not.toContain(false);
    expect(remembered.filter(Boolean).length).toBeLessThanOrEqual(200);
  });

  it('count once however often they come', () => {
    const recent = new RecentIds(3);
    recent.add('/shop', 'first');
    for (let i = 0; i < 100; i++) recent.add('/shop', 'again');
    expect(recent.has('/shop', 'first')).toBe(true);
  });
});
