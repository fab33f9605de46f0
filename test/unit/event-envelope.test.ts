import { IsOptional, IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';

import type { EventInit, PublishOptions } from '../../src/event/contract.js';
import { createEnvelope } from '../../src/event/create-envelope.js';
import { DomainEvent } from '../../src/event/domain-event.js';

@DomainEvent({ name: 'keyed', version: 2, topic: 'things', key: 'id' })
class Keyed {
  @IsString() readonly id!: string;
  constructor(init: EventInit<Keyed>) {
    Object.assign(this, init);
  }
}

@DomainEvent({ name: 'keyless', topic: 'things' })
class Keyless {}

@DomainEvent({ name: 'computed', topic: 'things', key: (event: Computed) => (event.id as string).trim() })
class Computed {
  @IsOptional() @IsString() readonly id?: string | undefined;
  constructor(init: EventInit<Computed>) {
    Object.assign(this, init);
  }
}

const event = new Keyed({ id: 'k-1' });
const origin = { source: '/shop' };

describe('the envelope of an event', () => {
  it('begins a conversation', () => {
    const now = new Date('2026-01-02T03:04:05.678Z');
    const envelope = createEnvelope(event, {}, { ...origin, now: now.getTime() });
    expect(envelope).toEqual({
      event,
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      name: 'keyed',
      version: 2,
      source: '/shop',
      occurredAt: now,
      key: 'k-1',
      correlationId: envelope.id,
      causationId: undefined,
      traceparent: undefined,
      tracestate: undefined,
      path: [],
    });
    expect(createEnvelope(event, {}, origin).id).not.toBe(envelope.id);
  });

  it('continues the conversation and the trace of its cause, on a path of its own', () => {
    const cause = {
      ...createEnvelope(event, { correlationId: 'talk' }, origin),
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'a=b',
      path: ['other'],
    };
    const { traceparent, tracestate } = cause;
    expect(createEnvelope(new Keyless(), {}, { ...origin, cause, id: 'derived' })).toMatchObject({
      id: 'derived',
      correlationId: 'talk',
      causationId: cause.id,
      traceparent,
      tracestate,
      path: [],
    });
  });

  it('has what the publisher sets', () => {
    const options = { id: 'i', source: '/other', occurredAt: new Date(0), key: 'k', correlationId: 'c' };
    expect(createEnvelope(event, options, { ...origin, id: 'derived' })).toMatchObject(options);
    expect(createEnvelope(new Keyless(), { key: 'k' }, origin).key).toBe('k');
    expect(createEnvelope(new Keyless(), {}, origin).key).toBeUndefined();
  });

  it('keeps the moment, whatever becomes of the Date', () => {
    const occurredAt = new Date(1000);
    const envelope = createEnvelope(event, { occurredAt }, origin);
    occurredAt.setTime(5);
    expect(envelope.occurredAt.getTime()).toBe(1000);
  });

  it.each<[string, PublishOptions]>([
    ['an empty id', { id: '' }],
    ['a line break', { id: 'a\r\nb' }],
    ['a NUL', { correlationId: 'a\0' }],
    ['half of a character', { id: 'a\ud83d' }],
    ['a source that is not a string', { source: 7 as never }],
    ['more than 1,024 characters', { source: 'x'.repeat(1025) }],
    ['a key with an escape', { key: '\u001b[2J' }],
    ['a date that is none', { occurredAt: new Date(Number.NaN) }],
    ['a date in words', { occurredAt: '2026-01-01' as never }],
  ])('is not made of %s', (_what, options) => {
    expect(() => createEnvelope(event, options, origin)).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }));
  });

  it('has a key when the contract is keyed', () => {
    for (const keyless of [new Keyed({ id: '' }), new Keyed({ id: 5 as never }), new Computed({ id: ' ' }), new Computed({})]) {
      expect(() => createEnvelope(keyless, {}, origin)).toThrow(expect.objectContaining({ code: 'KEY_MISSING' }));
      expect(createEnvelope(keyless, { key: 'given' }, origin).key).toBe('given');
    }
    expect(() => createEnvelope(event, { key: '' }, origin)).toThrow(expect.objectContaining({ code: 'KEY_MISSING' }));
  });

  it('is not made for an event that comes from outside only', () => {
    @DomainEvent({ name: 'rate_changed', topic: 'rates', direction: 'in' })
    class RateChanged {
      @IsString() readonly currency!: string;
    }
    expect(() => createEnvelope(Object.assign(new RateChanged(), { currency: 'EUR' }), {}, { source: '/shop' })).toThrow(/INBOUND_ONLY/);
  });
});
