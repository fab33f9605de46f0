import { describe, expect, it } from 'vitest';

import { JsonCodec } from '../../src/codec/json.js';
import type { Contract } from '../../src/event/contract.js';

const codec = new JsonCodec();
const contract = {} as Contract;
const decode = (text: string | Buffer): Record<string, unknown> => codec.decode(contract, Buffer.from(text as string));
const undecodable = expect.objectContaining({ code: 'UNDECODABLE' });

describe('the JSON codec', () => {
  it('reads what it writes', () => {
    const data = { text: 'Straße € 😀 \u2028 \ufffd', number: 1.5, flag: true, nothing: null, list: [1, { a: 'b' }] };
    expect(codec.decode(contract, codec.encode(contract, data))).toEqual(data);
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'text/json',
    'application/vnd.acme+json',
    'application/vnd.acme+json; v=1; charset=utf-8',
  ])('accepts %s', (contentType) => expect(codec.reads(contentType)).toBe(true));

  it.each(['application/avro', 'application/jsonx', 'application/json; charset=iso-8859-1', 'json', '', '+json'])(
    'does not accept %j',
    (contentType) => expect(codec.reads(contentType)).toBe(false),
  );

  it.each(['', 'null', '7', '"text"', '[{}]', '{', '{"a":1}x', 'NaN'])('refuses %j', (text) => {
    expect(() => decode(text)).toThrow(undecodable);
  });

  it('refuses what is not UTF-8 instead of replacing it', () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    expect(() => codec.decode(contract, bytes)).toThrow(undecodable);
  });

  it('survives nesting 100,000 deep', () => {
    expect(Object.keys(decode(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`))).toEqual(['a']);
    expect(() => decode('{"a":'.repeat(100_000))).toThrow(undecodable);
  });

  it('leaves __proto__ inert: an own property that changes nothing', () => {
    const data = decode('{"__proto__":{"admin":true},"constructor":1}');
    expect(Object.keys(data)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect(data['admin']).toBeUndefined();
  });
});
