import { expect, it } from 'vitest';

import { randomId } from '../../src/event/random-id.js';

it('makes version 4 UUIDs, all different, over many batches of random bytes', () => {
  const ids = Array.from({ length: 10_000 }, randomId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

it('lets every other bit be 0 and 1', () => {
  const seen = Array.from({ length: 32 }, () => new Set<string>());
  for (let i = 0; i < 2_000; i++) [...randomId().replaceAll('-', '')].forEach((digit, place) => seen[place]!.add(digit));
  expect(seen.map(({ size }) => size)).toEqual(Array.from({ length: 32 }, (_, place) => (place === 12 ? 1 : place === 16 ? 4 : 16)));
});
