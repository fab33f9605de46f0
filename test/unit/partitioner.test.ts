import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { murmur2, partitionFor } from '../../src/kafka/partitioner.js';

/** [key in base64, murmur2, partition among 7], computed by the Java client's own `Utils.murmur2` and `Utils.toPositive`. */
type Vector = readonly [key: string, hash: number, partition: number];

const vectors = JSON.parse(readFileSync(new URL('../../../test/fixtures/murmur2-java-client.json', import.meta.url), 'utf8')) as Vector[];

describe('the partition of a key', () => {
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as the published vectors of the Java client do', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  it('agrees with the Java client on every length up to 64 bytes, whatever the bytes are', () => {
    expect(vectors.length).toBeGreaterThan(300);
    for (const [key, hash, partition] of vectors) {
      const bytes = Buffer.from(key, 'base64');
      expect([key, murmur2(bytes), partitionFor(bytes, 7)]).toEqual([key, hash, partition]);
    }
  });

  it('is the same for a view into a larger buffer', () => {
    const whole = Buffer.from('xxfoobaryy');
    expect(murmur2(whole.subarray(2, 8))).toBe(-790332482);
  });
});
