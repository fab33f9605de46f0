import { expect, it } from 'vitest';

import { nothingLeft, type PartitionLag } from '../../src/inbound/lag.js';

const at = (committed: number | undefined, end: number): PartitionLag => ({
  topic: 't',
  partition: 0,
  committed,
  end,
  lag: Math.max(0, end - (committed ?? 0)),
});

it.each<[string, boolean, PartitionLag]>([
  ['everything was committed', true, at(3, 3)],
  ['a record is behind the commit', false, at(2, 3)],
  ['nothing was committed yet, and there is nothing', false, at(undefined, 0)],
  ['the commit is beyond the end: it is of a log that is gone', false, at(7, 3)],
])('of a group of which %s it is said whether anything is left: %s', async (_, expected, lag) => {
  expect(await nothingLeft(() => Promise.resolve([lag]))).toBe(expected);
});
