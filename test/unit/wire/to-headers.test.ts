import { describe, expect, it } from 'vitest';

import type { EventMetadata } from '../../../src/event/envelope.js';
import { readRecord } from '../../../src/kafka/wire/read-record.js';
import { toHeaders } from '../../../src/kafka/wire/to-headers.js';
import { bytesOf, recordOf } from './records.js';

describe('metadata written as headers', () => {
  const plain: EventMetadata = {
    id: 'id-1',
    name: 'decision_made',
    version: 1,
    source: '/debates',
    occurredAt: new Date('1999-12-31T23:59:59.123Z'),
    key: 'PEP-649',
    correlationId: 'id-1',
    causationId: undefined,
    traceparent: undefined,
    tracestate: undefined,
    path: [],
  };
  const full: EventMetadata = {
    ...plain,
    version: 3,
    correlationId: 'c-1',
    causationId: 'cause-1',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    tracestate: 'vendor=1',
    path: ['a', 'with,comma', '100%', 'é'],
    key: 'Straße €',
  };

  it('are only those that a reader could not assume', () => {
    expect(toHeaders(plain, 'application/json')).toEqual({
      ce_specversion: '1.0',
      ce_id: 'id-1',
      ce_type: 'decision_made',
      ce_source: '/debates',
      ce_time: '1999-12-31T23:59:59.123Z',
      ce_subject: 'PEP-649',
      'content-type': 'application/json',
    });
  });

  it.each([
    ['few', plain],
    ['all', full],
    ['no key', { ...full, key: undefined }],
    ['an empty key', { ...full, key: '' }],
    ['a very long key', { ...full, key: 'k'.repeat(100_000) }],
    ['characters beyond ASCII everywhere', { ...full, id: '日本', source: '/ü', correlationId: '😀', causationId: '€' }],
  ])('restore the metadata exactly when read: %s', (_, metadata) => {
    const headers = bytesOf(toHeaders(metadata, 'application/json') as Record<string, string>);
    const key = metadata.key === undefined ? null : Buffer.from(metadata.key, 'utf8');
    const incoming = readRecord(recordOf({ headers, key }))!;
    expect(incoming.name).toBe(metadata.name);
    expect(incoming.version()).toBe(metadata.version);
    expect(incoming.metadata()).toEqual(metadata);
  });

  it.each([
    ['id', { ...plain, id: '' }],
    ['source', { ...plain, source: 'x'.repeat(4097) }],
    ['path', { ...plain, path: ['x'.repeat(4097)] }],
  ])('are refused when nobody could read them: %s', (name, metadata) => {
    expect(() => toHeaders(metadata, 'application/json')).toThrow(
      expect.objectContaining({ code: 'EVENT_INVALID', message: expect.stringContaining(name) as string }),
    );
  });
});
