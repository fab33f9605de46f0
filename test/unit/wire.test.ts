import { describe, expect, it } from 'vitest';

import type { EventMetadata } from '../../src/event/envelope.js';
import type { InHeaders, InRecord } from '../../src/kafka/record.js';
import { readRecord } from '../../src/kafka/wire/read-record.js';
import { toHeaders } from '../../src/kafka/wire/to-headers.js';

const TIMESTAMP = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

function recordOf(init: Partial<InRecord>): InRecord {
  return { topic: 'debate-events', partition: 1, offset: 42, timestamp: TIMESTAMP, key: null, value: Buffer.from('{}'), headers: {}, ...init };
}

function bytesOf(headers: Record<string, string>): InHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value, 'utf8')]));
}

const named = { ce_specversion: '1.0', ce_id: 'id-1', ce_type: 'decision_made', ce_source: '/debates', 'content-type': 'application/json' };

function binary(headers: Record<string, string>, init: Partial<InRecord> = {}): InRecord {
  return recordOf({ headers: bytesOf({ ...named, ...headers }), ...init });
}

function structured(event: unknown, contentType = 'application/cloudevents+json; charset=UTF-8', init: Partial<InRecord> = {}): InRecord {
  return recordOf({ headers: bytesOf({ 'content-type': contentType }), value: Buffer.from(JSON.stringify(event)), ...init });
}

const undecodable = (label: string): unknown => expect.objectContaining({ code: 'UNDECODABLE', message: expect.stringContaining(label) as string });

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
    expect(() => toHeaders(metadata, 'application/json')).toThrow(expect.objectContaining({ code: 'EVENT_INVALID', message: expect.stringContaining(name) as string }));
  });
});

describe('a CloudEvent in binary mode', () => {
  it('is read as the example of the Kafka binding has it', () => {
    const incoming = readRecord(
      recordOf({
        key: Buffer.from('mykey'),
        headers: bytesOf({
          ce_specversion: '1.0',
          ce_type: 'com.example.someevent',
          ce_source: '/mycontext/subcontext',
          ce_id: '1234-1234-1234',
          ce_time: '2018-04-05T03:56:24Z',
          'content-type': 'application/avro',
        }),
        value: Buffer.from([0, 1, 2]),
      }),
    )!;
    expect(incoming.name).toBe('com.example.someevent');
    expect(incoming.version()).toBe(1);
    expect(incoming.metadata()).toEqual({
      id: '1234-1234-1234',
      name: 'com.example.someevent',
      version: 1,
      source: '/mycontext/subcontext',
      occurredAt: new Date('2018-04-05T03:56:24Z'),
      key: 'mykey',
      correlationId: '1234-1234-1234',
      causationId: undefined,
      traceparent: undefined,
      tracestate: undefined,
      path: [],
    });
    expect(incoming.body()).toEqual({ kind: 'bytes', contentType: 'application/avro', bytes: Buffer.from([0, 1, 2]) });
  });

  it('is JSON where no content type is given, and takes the trace context with and without ce_', () => {
    const headers = bytesOf({ ce_type: 'a', ce_traceparent: '00-aa', tracestate: 'v=1', ce_tracestate: 'v=2' });
    const incoming = readRecord(recordOf({ headers }))!;
    expect(incoming.body()).toMatchObject({ contentType: 'application/json' });
    expect(incoming.metadata()).toMatchObject({ traceparent: '00-aa', tracestate: 'v=1' });
  });

  it('is not percent-decoded', () => {
    expect(readRecord(binary({ ce_source: '/100%25' }))!.metadata().source).toBe('/100%25');
  });

  it('counts the last header when a name occurs twice', () => {
    const record = recordOf({ headers: { ...bytesOf(named), ce_id: [Buffer.from('first'), Buffer.from('last')], ce_type: [Buffer.from('a'), 'b'] } });
    expect(readRecord(record)).toMatchObject({ name: 'b' });
    expect(readRecord(record)!.metadata().id).toBe('last');
  });

  it.each([
    ['2018-04-05T17:31:00Z', '2018-04-05T17:31:00.000Z'],
    ['2018-04-05T17:31:00.123456789Z', '2018-04-05T17:31:00.123Z'],
    ['2018-04-05T17:31:00+02:00', '2018-04-05T15:31:00.000Z'],
    ['2018-04-05t17:31:00.5z', '2018-04-05T17:31:00.500Z'],
    ['2024-02-29T00:00:00-00:30', '2024-02-29T00:30:00.000Z'],
  ])('reads the RFC 3339 time %s', (text, iso) => {
    expect(readRecord(binary({ ce_time: text }))!.metadata().occurredAt.toISOString()).toBe(iso);
  });

  it.each([
    ['ce_time', 'yesterday'],
    ['ce_time', '2018-04-05'],
    ['ce_time', '2018-04-05T17:31:00'],
    ['ce_time', '2023-02-29T00:00:00Z'],
    ['ce_time', '2018-13-05T17:31:00Z'],
    ['ce_time', '2018-04-05T24:00:00Z'],
    ['ce_time', ''],
    ['ce_id', ''],
    ['ce_source', ''],
    ['ce_specversion', '0.3'],
    ['ce_specversion', ''],
    ['ce_eventversion', '0'],
    ['ce_eventversion', '-1'],
    ['ce_eventversion', '1.5'],
    ['ce_eventversion', '1e3'],
    ['ce_eventversion', ''],
    ['ce_eventversion', '99999999999999999999'],
    ['ce_path', 'a,%zz'],
    ['ce_id', 'x'.repeat(16_385)],
  ])('with a malformed %s is undecodable and says which header it is: %j', (header, value) => {
    const incoming = readRecord(binary({ [header]: value }))!;
    expect(incoming.name).toBe('decision_made');
    expect(() => incoming.metadata()).toThrow(undecodable(header));
  });

  it.each(['ce_id', 'ce_source', 'ce_time', 'ce_specversion', 'ce_eventversion', 'ce_correlationid', 'ce_causationid', 'ce_path', 'traceparent'])(
    'with a %s that is not UTF-8 is undecodable',
    (header) => {
      const record = recordOf({ headers: { ...bytesOf(named), [header]: Buffer.from([0x61, 0xff]) } });
      expect(() => readRecord(record)!.metadata()).toThrow(undecodable(header));
    },
  );

  it('with a malformed version throws only when the version is asked for, so that nobody stumbles over events he does not want', () => {
    const incoming = readRecord(binary({ ce_eventversion: 'x' }))!;
    expect(incoming.name).toBe('decision_made');
    expect(() => incoming.version()).toThrow(undecodable('ce_eventversion'));
  });

  it('without a value is undecodable', () => {
    expect(() => readRecord(binary({}, { value: null }))!.body()).toThrow(undecodable('tombstone'));
  });

  it('keeps different binary keys different', () => {
    const keys = [Buffer.from([0xff, 0xfe]), Buffer.from([0xff, 0xfd])].map((key) => readRecord(binary({}, { key }))!.metadata().key);
    expect(new Set(keys).size).toBe(2);
  });

  it.each([
    ['not UTF-8', { ce_type: Buffer.from([0xff]) }],
    ['empty', { ce_type: Buffer.from('') }],
    ['too long', { ce_type: Buffer.alloc(16_385, 'x') }],
  ])('cannot be named when ce_type is %s', (_, headers) => {
    expect(readRecord(recordOf({ headers, value: Buffer.from('{"type":"other"}') }))).toBeUndefined();
  });
});

describe('a CloudEvent in structured mode', () => {
  const event = {
    specversion: '1.0',
    type: 'com.example.someevent',
    source: '/mycontext',
    id: 'C234-1234-1234',
    time: '2018-04-05T17:31:00Z',
    eventversion: 2,
    correlationid: 'c-1',
    causationid: null,
    path: 'a,b',
    datacontenttype: 'application/json',
    data: { appinfoA: 'abc', appinfoB: 123, appinfoC: true },
  };

  it('has everything in its body', () => {
    const incoming = readRecord(structured(event, undefined, { key: Buffer.from('k') }))!;
    expect(incoming.version()).toBe(2);
    expect(incoming.metadata()).toEqual({
      id: 'C234-1234-1234',
      name: 'com.example.someevent',
      version: 2,
      source: '/mycontext',
      occurredAt: new Date('2018-04-05T17:31:00Z'),
      key: 'k',
      correlationId: 'c-1',
      causationId: undefined,
      traceparent: undefined,
      tracestate: undefined,
      path: ['a', 'b'],
    });
    expect(incoming.body()).toEqual({ kind: 'data', data: event.data });
  });

  it('carries bytes as base64 and text of other types as it stands', () => {
    const { data: _, ...rest } = event;
    const binaryData = { ...rest, datacontenttype: 'application/avro', data_base64: 'AAEC' };
    expect(readRecord(structured(binaryData))!.body()).toEqual({ kind: 'bytes', contentType: 'application/avro', bytes: Buffer.from([0, 1, 2]) });
    const xml = { ...rest, datacontenttype: 'application/xml', data: '<much wow="xml"/>' };
    expect(readRecord(structured(xml))!.body()).toEqual({ kind: 'bytes', contentType: 'application/xml', bytes: Buffer.from('<much wow="xml"/>') });
  });

  it.each([
    ['data_base64', { data: undefined, data_base64: 'A-_=' }],
    ['data_base64', { data_base64: 'AAEC' }],
    ['data', { data: undefined }],
  ])('with a malformed %s is undecodable', (label, change) => {
    expect(() => readRecord(structured({ ...event, ...change }))!.body()).toThrow(undecodable(label));
  });

  it.each([
    ['id', { id: '' }],
    ['id', { id: {} }],
    ['time', { time: 'noon' }],
    ['specversion', { specversion: '2.0' }],
    ['eventversion', { eventversion: 1.5 }],
    ['source', { source: ['/a'] }],
  ])('with a malformed %s is undecodable and says which attribute it is', (label, change) => {
    expect(() => readRecord(structured({ ...event, ...change }))!.metadata()).toThrow(undecodable(label));
  });

  it('wins over the headers beside it', () => {
    const record = structured(event);
    const both = { ...record, headers: { ...record.headers, ...bytesOf({ ce_type: 'other', ce_id: 'other' }) } };
    expect(readRecord(both)!.name).toBe('com.example.someevent');
    expect(readRecord(both)!.metadata().id).toBe('C234-1234-1234');
  });

  it.each([
    ['no type', { ...event, type: undefined }],
    ['an inherited type', JSON.parse('{"__proto__": {"type": "a"}}') as unknown],
    ['an array', [event]],
    ['a type that is no string', { ...event, type: {} }],
  ])('cannot be named with %s', (_, body) => {
    expect(readRecord(structured(body))).toBeUndefined();
  });

  it('cannot be named in a format that is not known, or when its JSON is broken', () => {
    expect(readRecord(structured(event, 'application/cloudevents+avro'))).toBeUndefined();
    const broken = recordOf({ headers: bytesOf({ 'content-type': 'application/cloudevents+json' }), value: Buffer.from('{"type":') });
    expect(readRecord(broken)).toBeUndefined();
  });
});

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
    expect(metadata).toMatchObject({ source: '/topics/debate-events', occurredAt: new Date(TIMESTAMP), key: 'k', version: 1, path: [], correlationId: metadata.id });
    expect(metadata.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('has the same id whenever it is read, and another for every other record', () => {
    const idOf = (init: Partial<InRecord>): string => readRecord(plain({ type: 'a' }, init))!.metadata().id;
    expect(idOf({})).toBe(idOf({}));
    const spaced = Buffer.from('{"type": "a"}');
    const ids = [{}, { topic: 't' }, { partition: 2 }, { offset: 43 }, { timestamp: 1 }, { key: Buffer.from('') }, { key: Buffer.from('k') }, { value: spaced }].map(idOf);
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

describe('names that mean something to JavaScript', () => {
  it('are names like any other', () => {
    const headers = JSON.parse('{"__proto__": "x", "constructor": "x", "ce_type": "__proto__", "ce_id": "constructor"}') as InHeaders;
    const incoming = readRecord(recordOf({ headers }))!;
    expect(incoming.name).toBe('__proto__');
    expect(incoming.metadata().id).toBe('constructor');
  });

  it('are not taken from a prototype that a header has set', () => {
    const headers: Record<string, Buffer> = {};
    Object.setPrototypeOf(headers, { ce_type: Buffer.from('planted') });
    expect(readRecord(recordOf({ headers }))).toBeUndefined();
  });
});
