import { expect } from 'vitest';

import type { InHeaders, InRecord } from '../../../src/kafka/record.js';

export const TIMESTAMP = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

export function recordOf(init: Partial<InRecord>): InRecord {
  return {
    topic: 'debate-events',
    partition: 1,
    offset: 42,
    timestamp: TIMESTAMP,
    key: null,
    value: Buffer.from('{}'),
    headers: {},
    ...init,
  };
}

export function bytesOf(headers: Record<string, string>): InHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value, 'utf8')]));
}

export const named = {
  ce_specversion: '1.0',
  ce_id: 'id-1',
  ce_type: 'decision_made',
  ce_source: '/debates',
  'content-type': 'application/json',
};

export function binary(headers: Record<string, string>, init: Partial<InRecord> = {}): InRecord {
  return recordOf({ headers: bytesOf({ ...named, ...headers }), ...init });
}

export function structured(
  event: unknown,
  contentType = 'application/cloudevents+json; charset=UTF-8',
  init: Partial<InRecord> = {},
): InRecord {
  return recordOf({ headers: bytesOf({ 'content-type': contentType }), value: Buffer.from(JSON.stringify(event)), ...init });
}

export const undecodable = (label: string): unknown =>
  expect.objectContaining({ code: 'UNDECODABLE', message: expect.stringContaining(label) as string });
