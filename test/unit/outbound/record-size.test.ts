import { describe, expect, it } from 'vitest';

import type { OutHeaders, WireRecord } from '../../../src/kafka/record.js';
import { recordBytes } from '../../../src/outbound/record-size.js';

function recordWith(init: Partial<WireRecord>): WireRecord {
  return { topic: 't', key: null, value: null, headers: {}, timestamp: 0, ...init };
}

describe('the size of a record', () => {
  it('is never below what the record format needs, and little above', () => {
    // Length 1, attributes 1, two deltas 2, key 1 + 3, value 1 + 5, number of headers 1, a header 1 + 1 + 1 + 2.
    const bytes = recordBytes(recordWith({ key: Buffer.from('key'), value: Buffer.from('value'), headers: { h: 'é' } }));
    expect(bytes).toBeGreaterThanOrEqual(20);
    expect(bytes).toBeLessThan(80);
  });

  it('counts every value of a header that occurs more than once, in bytes', () => {
    const one = recordBytes(recordWith({ headers: { h: '€'.repeat(100) } }));
    const two = recordBytes(recordWith({ headers: { h: ['€'.repeat(100), Buffer.alloc(300)] } }));
    expect(one).toBeGreaterThanOrEqual(301);
    expect(two - one).toBeGreaterThanOrEqual(301);
  });

  it('counts nothing that the headers inherit', () => {
    const headers: OutHeaders = Object.setPrototypeOf({ h: 'v' }, Buffer.from('bytes of a header named __proto__')) as OutHeaders;
    expect(recordBytes(recordWith({ headers }))).toBe(recordBytes(recordWith({ headers: { h: 'v' } })));
  });
});
