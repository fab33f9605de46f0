import { describe, expect, it } from 'vitest';

import { TopicNames } from '../../src/kafka/topics.js';
import { toRecord, type OutgoingMessage } from '../../src/service/client/outgoing-message.js';

const names = new TopicNames('shop');
const record = (message: Partial<OutgoingMessage>) => toRecord({ topic: 'imports', value: 'x', ...message }, names);

describe('a message on its way out', () => {
  it('goes to the topic of the application, at its own time or now', () => {
    const before = Date.now();
    const { topic, key, value, headers, timestamp } = record({ key: '' });
    expect([topic, key, value, headers]).toEqual(['shop.imports', Buffer.alloc(0), Buffer.from('x'), {}]);
    expect(timestamp).toBeGreaterThanOrEqual(before);
    expect(record({ timestamp: new Date(5) }).timestamp).toBe(5);
  });

  it('carries headers whose names mean something to every object', () => {
    const headers = JSON.parse('{"constructor":"c","__proto__":"p"}') as Record<string, string>;
    expect(Object.entries(record({ headers }).headers)).toEqual([
      ['constructor', 'c'],
      ['__proto__', 'p'],
    ]);
  });

  it('is refused with everything that is wrong with it, and without its values', () => {
    const message = {
      topic: 1,
      key: 'half \ud800',
      value: { secret: { at: new Date() } },
      headers: { fine: 'x', odd: 1 },
      timestamp: 5,
      partition: 0,
    };
    let text = '';
    try {
      record(message as never);
    } catch (error) {
      text = String(error);
    }
    for (const part of ['ARGUMENT_INVALID', 'topic', 'key', 'value.secret.at', 'header "odd"', 'timestamp', 'partition is no field'])
      expect(text).toContain(part);
    expect(text).not.toContain('half');
  });

  it.each([
    ['a Map', new Map([['a', 'b']])],
    ['Headers', new Headers({ a: 'b' })],
    ['an array', ['a']],
    ['text', 'a: b'],
  ])('may not have headers that are %s: they would not arrive', (_what, headers) => {
    expect(() => record({ headers: headers as never })).toThrow(/^\[ARGUMENT_INVALID\] .*headers must be a plain object/);
  });

  it('may have headers of an object without a prototype', () => {
    const headers = Object.assign(Object.create(null) as Record<string, string>, { a: 'b' });
    expect(record({ headers }).headers).toEqual({ a: 'b' });
  });

  it.each([
    ['text with half a character', 'a\udfff'],
    ['a number', 3],
    ['undefined', undefined],
    ['a function', () => 'x'],
    ['an object with a number that is none', { n: Number.NaN }],
    [
      'an object that contains itself',
      (() => {
        const own: Record<string, unknown> = {};
        return (own['own'] = own);
      })(),
    ],
  ])('may not be %s', (_what, value) => {
    expect(() => record({ value: value as never })).toThrow('[ARGUMENT_INVALID]');
  });
});
