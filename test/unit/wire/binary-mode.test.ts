import { describe, expect, it } from 'vitest';

import type { InHeaders } from '../../../src/kafka/record.js';
import { readRecord } from '../../../src/kafka/wire/read-record.js';
import { binary, bytesOf, named, recordOf, undecodable } from './records.js';

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

  it('is told apart from the one before it, by every byte of a header', () => {
    const sourceOf = (bytes: Buffer): string =>
      readRecord(recordOf({ headers: { ...bytesOf(named), ce_source: bytes } }))!.metadata().source;
    for (const source of ['/shop', '/shop', '/shoq', '/shops', '/é', '/é']) expect(sourceOf(Buffer.from(source))).toBe(source);
    expect(() => sourceOf(Buffer.from('/é', 'latin1'))).toThrow(undecodable('ce_source'));
  });

  it('takes the replacement character for what it is where somebody wrote it', () => {
    expect(readRecord(binary({ ce_id: 'a\ufffdb' }))!.metadata().id).toBe('a\ufffdb');
  });

  it('counts the last header when a name occurs twice', () => {
    const record = recordOf({
      headers: { ...bytesOf(named), ce_id: [Buffer.from('first'), Buffer.from('last')], ce_type: [Buffer.from('a'), 'b'] },
    });
    expect(readRecord(record)).toMatchObject({ name: 'b' });
    expect(readRecord(record)!.metadata().id).toBe('last');
  });

  it.each([
    ['2018-04-05T17:31:00Z', '2018-04-05T17:31:00.000Z'],
    ['2018-04-05T17:31:00.123456789Z', '2018-04-05T17:31:00.123Z'],
    ['2018-04-05T17:31:00+02:00', '2018-04-05T15:31:00.000Z'],
    ['2018-04-05t17:31:00.5z', '2018-04-05T17:31:00.500Z'],
    ['2024-02-29T00:00:00-00:30', '2024-02-29T00:30:00.000Z'],
    ['2024-02-29T23:59:59.999Z', '2024-02-29T23:59:59.999Z'],
    ['0099-12-31T00:00:00.000Z', '0099-12-31T00:00:00.000Z'],
  ])('reads the RFC 3339 time %s', (text, iso) => {
    expect(
      readRecord(binary({ ce_time: text }))!
        .metadata()
        .occurredAt.toISOString(),
    ).toBe(iso);
  });

  it.each([
    ['ce_time', 'yesterday'],
    ['ce_time', '2018-04-05'],
    ['ce_time', '2018-04-05T17:31:00'],
    ['ce_time', '2023-02-29T00:00:00Z'],
    ['ce_time', '2023-02-29T00:00:00.000Z'],
    ['ce_time', '+012345-01-01T00:00:00.000Z'],
    ['ce_time', '2018-13-05T17:31:00Z'],
    ['ce_time', '2018-13-05T17:31:00.000Z'],
    ['ce_time', '2018-00-05T17:31:00.000Z'],
    ['ce_time', '2018-04-00T17:31:00.000Z'],
    ['ce_time', '2018-04-05T24:00:00.000Z'],
    ['ce_time', '2018-04-05T17:60:00.000Z'],
    ['ce_time', '2018-04-05T17:31:00.0x0Z'],
    ['ce_time', '2018-04-05 17:31:00.000Z'],
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
  ])('with a malformed %s is undecodable and says which header it is: %j', (header, value) => {
    const incoming = readRecord(binary({ [header]: value }))!;
    expect(incoming.name).toBe('decision_made');
    expect(() => incoming.metadata()).toThrow(undecodable(header));
  });

  it.each([
    'ce_id',
    'ce_source',
    'ce_time',
    'ce_specversion',
    'ce_eventversion',
    'ce_correlationid',
    'ce_causationid',
    'ce_path',
    'traceparent',
  ])('with a %s that is not UTF-8 is undecodable', (header) => {
    const record = recordOf({ headers: { ...bytesOf(named), [header]: Buffer.from([0x61, 0xff]) } });
    expect(() => readRecord(record)!.metadata()).toThrow(undecodable(header));
  });

  it('with an attribute of more than 16,384 bytes is undecodable', () => {
    const id = 'x'.repeat(16_384);
    expect(readRecord(binary({ ce_id: id }))!.metadata().id).toBe(id);
    expect(() => readRecord(binary({ ce_id: `${id}x` }))!.metadata()).toThrow(undecodable('ce_id'));
  });

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
