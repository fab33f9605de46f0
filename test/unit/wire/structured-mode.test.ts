import { describe, expect, it } from 'vitest';

import { readRecord } from '../../../src/kafka/wire/read-record.js';
import { bytesOf, recordOf, structured, undecodable } from './records.js';

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
    expect(readRecord(structured(binaryData))!.body()).toEqual({
      kind: 'bytes',
      contentType: 'application/avro',
      bytes: Buffer.from([0, 1, 2]),
    });
    const xml = { ...rest, datacontenttype: 'application/xml', data: '<much wow="xml"/>' };
    expect(readRecord(structured(xml))!.body()).toEqual({
      kind: 'bytes',
      contentType: 'application/xml',
      bytes: Buffer.from('<much wow="xml"/>'),
    });
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
