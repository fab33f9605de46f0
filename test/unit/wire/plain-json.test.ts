import { describe, expect, it } from 'vitest';

import type { InRecord } from '../../../src/kafka/record.js';
import { readRecord } from '../../../src/kafka/wire/read-record.js';
import { recordOf, TIMESTAMP } from './records.js';

describe('plain JSON without CloudEvents headers', () => {
  const plain = (body: unknown, init: Partial<InRecord> = {}): InRecord => recordOf({ value: Buffer.from(JSON.stringify(body)), ...init });

  it('is named by event_type, else by type', () => {
    expect(readRecord(plain({ event_type: 'a', type: 'b' }))!.name).toBe('a');
    expect(readRecord(plain({ type: 'b' }))!.name).toBe('b');
    expect(readRecord(plain({ event_type: 7, type: 'b' }))!.name).toBe('b');
  });

  it('has its data in data, else is the data', () => {
    expect(readRecord(plain({ type: 'a', data: { n: 1 } }))!.body()).toEqual({ kind: 'data', data: { n: 1 } });
    expect(readRecord(plain({ type: 'a', n: 1 }))!.body()).toEqual({ kind: 'data', data: { type: 'a', n: 1 } });
    expect(readRecord(plain({ type: 'a', data: 'text' }))!.body()).toEqual({ kind: 'data', data: { type: 'a', data: 'text' } });
  });

  it('is mapped by other fields when told so', () => {
    const incoming = readRecord(plain({ kind: 'a', payload: { n: 1 } }), { name: ['kind'], data: 'payload' })!;
    expect(incoming.name).toBe('a');
    expect(incoming.body()).toEqual({ kind: 'data', data: { n: 1 } });
  });

  it('gets its identity from where it stands and what it is', () => {
    const incoming = readRecord(plain({ type: 'a' }, { key: Buffer.from('k') }))!;
    const metadata = incoming.metadata();
    expect(metadata).toMatchObject({
      source: '/topics/debate-events',
      occurredAt: new Date(TIMESTAMP),
      key: 'k',
      version: 1,
      path: [],
      correlationId: metadata.id,
    });
    expect(metadata.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('has the same id whenever it is read, and another for every other record', () => {
    const idOf = (init: Partial<InRecord>): string => readRecord(plain({ type: 'a' }, init))!.metadata().id;
    expect(idOf({})).toBe(idOf({}));
    const spaced = Buffer.from('{"type": "a"}');
    const ids = [
      {},
      { topic: 't' },
      { partition: 2 },
      { offset: 43 },
      { timestamp: 1 },
      { key: Buffer.from('') },
      { key: Buffer.from('k') },
      { value: spaced },
    ].map(idOf);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    ['is no JSON', Buffer.from('hello')],
    ['is not UTF-8', Buffer.concat([Buffer.from('{"type":"a'), Buffer.from([0xff]), Buffer.from('"}')])],
    ['is an array', Buffer.from('[{"type":"a"}]')],
    ['is null', Buffer.from('null')],
    ['is a tombstone', null],
    ['has no name', Buffer.from('{"data":{}}')],
    ['has an empty name', Buffer.from('{"type":""}')],
    ['inherits its name', Buffer.from('{"__proto__":{"type":"a"}}')],
  ])('cannot be named when it %s', (_, value) => {
    expect(readRecord(recordOf({ value }))).toBeUndefined();
  });

  it('nested 100,000 deep is named without a crash', () => {
    const deep = `{"type":"a","data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(readRecord(recordOf({ value: Buffer.from(deep) }))?.name).toBe('a');
  });
});
