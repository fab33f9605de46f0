import { describe, expect, it } from 'vitest';

import { contractOf } from '../../src/event/contract-of.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { EventRegistry } from '../../src/event/event-registry.js';

const upcast = (data: Record<string, unknown>) => data;

@DomainEvent({ name: 'paid', version: 1, topic: 'bills' })
class PaidOne {}
@DomainEvent({ name: 'paid', version: 3, topic: 'bills', upcast })
class PaidThree {}
@DomainEvent({ name: 'paid', version: 4, topic: 'ledger', upcast })
class PaidFour {}
@DomainEvent({ name: 'paid', version: 5, topic: 'bills' })
class PaidFive {}
@DomainEvent({ name: 'refunded', topic: 'bills' })
class Refunded {}

const registry = new EventRegistry([PaidFour, PaidOne, Refunded, PaidFive, PaidThree, PaidOne]);

describe('the registry', () => {
  it('knows every version of a name, oldest first, and no class twice', () => {
    expect(registry.named('paid').map(({ version }) => version)).toEqual([1, 3, 4, 5]);
    expect(registry.contracts()).toHaveLength(5);
    expect(registry.named('constructor')).toEqual([]);
  });

  it('allows names on the topics of their contracts only', () => {
    expect(registry.allows('bills', 'paid')).toBe(true);
    expect(registry.allows('ledger', 'paid')).toBe(true);
    expect(registry.allows('ledger', 'refunded')).toBe(false);
    expect(registry.allows('constructor', 'paid')).toBe(false);
    expect(registry.allows('bills', 'toString')).toBe(false);
  });

  it('resolves a version to its class, else to the lowest newer one that upcasts', () => {
    expect(registry.resolve('paid', 1)?.eventClass).toBe(PaidOne);
    expect(registry.resolve('paid', 2)?.eventClass).toBe(PaidThree);
    expect(registry.resolve('paid', 4)?.eventClass).toBe(PaidFour);
    expect(registry.resolve('paid', 6)).toBeUndefined();
    expect(registry.resolve('refunded', 0)).toBeUndefined();
    expect(registry.resolve('__proto__', 1)).toBeUndefined();
  });

  it('resolves among what a reader handles', () => {
    expect(registry.resolve('paid', 1, [contractOf(PaidFour), contractOf(PaidFive)])?.eventClass).toBe(PaidFour);
    expect(registry.resolve('paid', 1, [contractOf(PaidFive)])).toBeUndefined();
  });

  it('gives away copies', () => {
    registry.named('paid').length = 0;
    expect(registry.named('paid')).toHaveLength(4);
  });
});

describe('a registry that cannot be made', () => {
  it('names two classes of one name and version', () => {
    @DomainEvent({ name: 'refunded', topic: 'other' })
    class Twin {}
    expect(() => new EventRegistry([Refunded, Twin])).toThrow(
      expect.objectContaining({ code: 'EVENT_DUPLICATE', message: expect.stringMatching(/refunded version 1 .*Refunded.*Twin/) }),
    );
  });

  it('reports every class that has a problem', () => {
    class Plain {}
    @DomainEvent({ name: 'Upper', topic: 'bills' })
    class Upper {}
    @DomainEvent({ name: 'spaced out', topic: 'bills' })
    class Spaced {}
    expect(() => new EventRegistry([Upper, Refunded, Plain, Spaced])).toThrow(
      expect.objectContaining({ code: 'NOT_AN_EVENT', message: expect.stringMatching(/Upper[^]*Plain[^]*Spaced/) }),
    );
  });
});
