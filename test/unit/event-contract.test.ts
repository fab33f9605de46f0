import { Allow, IsIn, IsInt, IsNumber, IsOptional, IsString, MinLength, ValidateIf } from 'class-validator';
import { describe, expect, it } from 'vitest';

import { contractOf, contractOfEvent } from '../../src/event/contract-of.js';
import type { EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { EventInvalidError } from '../../src/event/event-contract.js';

@DomainEvent({ name: 'decision_made', topic: 'decision-events', key: 'debateId' })
class DecisionMade {
  @IsString() @MinLength(2) readonly debateId!: string;
  @IsIn(['accepted', 'rejected']) readonly outcome!: 'accepted' | 'rejected';
  @IsOptional() @IsInt() readonly votes?: number;
  @IsOptional() @Allow() readonly details?: unknown;
  constructor(init: EventInit<DecisionMade>) {
    Object.assign(this, init);
  }
}

function violations(event: object): Record<string, string[]> {
  try {
    contractOfEvent(event).validate(event);
  } catch (error) {
    if (!(error instanceof EventInvalidError)) throw error;
    return Object.fromEntries(error.violations.map(({ path, rule }) => [path, [rule]]));
  }
  return {};
}

const valid = { debateId: 'd-1', outcome: 'accepted' } as const;

describe('the contract of an event', () => {
  it('says what the decorators say, with what they leave out', () => {
    expect(contractOf(DecisionMade)).toMatchObject({
      name: 'decision_made',
      version: 1,
      topic: 'decision-events',
      direction: 'both',
      fields: ['debateId', 'outcome', 'votes', 'details'],
      isKeyed: true,
    });
    expect(contractOf(DecisionMade).keyOf(new DecisionMade(valid))).toBe('d-1');
  });

  it('is made once', () => {
    expect(contractOf(DecisionMade)).toBe(contractOfEvent(new DecisionMade(valid)));
  });

  it('does not exist for a class without the decorator, also when the class extends an event', () => {
    class Plain {}
    class Special extends DecisionMade {}
    expect(() => contractOf(Plain)).toThrow(expect.objectContaining({ code: 'NOT_AN_EVENT', message: expect.stringContaining('Plain') }));
    expect(() => contractOfEvent(new Special(valid))).toThrow(expect.objectContaining({ code: 'NOT_AN_EVENT' }));
    expect(() => contractOfEvent({ constructor: DecisionMade })).toThrow(expect.objectContaining({ code: 'NOT_AN_EVENT' }));
  });

  it('does not exist for what is no instance of a class, which is told without its value', () => {
    const told = (given: unknown): string => {
      try {
        contractOfEvent(given as object);
        return '';
      } catch (error) {
        return (error as Error).message.replace(/ is no event: give an instance of a class with @DomainEvent, .*/, '');
      }
    };
    expect([DecisionMade, {}, Object.create(null), null, undefined, 'secret'].map(told)).toEqual([
      '[NOT_AN_EVENT] the class DecisionMade',
      '[NOT_AN_EVENT] a plain object',
      '[NOT_AN_EVENT] a plain object',
      '[NOT_AN_EVENT] null',
      '[NOT_AN_EVENT] undefined',
      '[NOT_AN_EVENT] string',
    ]);
  });
});

describe('validation', () => {
  it('accepts an event that obeys, with and without its optional fields', () => {
    expect(violations(new DecisionMade(valid))).toEqual({});
    expect(violations(new DecisionMade({ ...valid, votes: 3, details: { a: [1, null, { b: 'c' }] } }))).toEqual({});
  });

  it('names every violation with its path', () => {
    const event = new DecisionMade({ debateId: '', outcome: 'maybe', votes: 1.5, extra: 1 } as never);
    expect(violations(event)).toEqual({ debateId: ['minLength'], outcome: ['isIn'], votes: ['isInt'], extra: ['declared'] });
    expect(() => contractOf(DecisionMade).validate(event)).toThrow(
      '[EVENT_INVALID] decision_made version 1: extra is no declared field of the event; ' +
        'debateId must be longer than or equal to 2 characters (is string); ' +
        'outcome must be one of the following values: accepted, rejected (is string); votes must be an integer number (is number)',
    );
  });

  it('refuses own properties that are not declared, even if all else is well', () => {
    expect(violations(new DecisionMade({ ...valid, extra: undefined } as never))).toEqual({ extra: ['declared'] });
  });

  it('takes no offence at what an event inherits, and looks into it where that is a field', () => {
    @DomainEvent({ name: 'measured', topic: 'clock' })
    class Measured {
      @IsOptional() declare readonly ms?: number;
    }
    Object.assign(Measured.prototype, { describe: () => 'for the log' });
    expect(violations(new Measured())).toEqual({});
    Object.defineProperty(Measured.prototype, 'ms', { value: Number.NaN });
    expect(violations(new Measured())).toEqual({ ms: ['json'] });
  });

  it('turns a rule that throws into a violation of the event', () => {
    @DomainEvent({ name: 'thrown', topic: 'clock' })
    class Thrown {
      @ValidateIf(() => {
        throw new Error('a rule with a mistake');
      })
      @IsInt()
      readonly n!: number;
    }
    expect(() => contractOf(Thrown).validate(new Thrown())).toThrow(
      expect.objectContaining({ code: 'EVENT_INVALID', cause: expect.objectContaining({ message: 'a rule with a mistake' }) }),
    );
  });

  it('refuses what JSON cannot give back, wherever it is', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = { cycle };
    const cases: [unknown, string][] = [
      [Number.NaN, 'details'],
      [[1, undefined], 'details[1]'],
      [{ when: new Date() }, 'details.when'],
      [{ f: () => 1 }, 'details.f'],
      [1n, 'details'],
      [Symbol('s'), 'details'],
      [new Map(), 'details'],
      [JSON.parse('{"a":{"__proto__":{"admin":true}}}'), 'details.a'],
    ];
    for (const [details, path] of cases) expect(violations(new DecisionMade({ ...valid, details }))).toEqual({ [path]: ['json'] });
    expect(Object.values(violations(new DecisionMade({ ...valid, details: cycle })))).toEqual([['json']]);
  });

  it('never prints a value, not even when a message of the application asks for it', () => {
    @DomainEvent({ name: 'card_charged', topic: 'cards' })
    class CardCharged {
      @IsNumber({}, { message: 'was $value' }) readonly number!: unknown;
      @IsNumber({}, { message: ({ value }) => `was ${String(value)}` }) readonly code!: unknown;
      @IsNumber() readonly amount!: unknown;
      constructor(init: EventInit<CardCharged>) {
        Object.assign(this, init);
      }
    }
    expect(() => contractOf(CardCharged).validate(new CardCharged({ number: 's3cret', code: 's3cret', amount: 's3cret' }))).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('s3cret') }),
    );
  });

  it('accepts an event without any field', () => {
    @DomainEvent({ name: 'ticked', topic: 'clock' })
    class Ticked {}
    expect(() => contractOf(Ticked).validate(new Ticked())).not.toThrow();
  });
});

describe('data of an event', () => {
  it('is what is declared and set', () => {
    expect(contractOf(DecisionMade).toData(new DecisionMade({ ...valid, votes: undefined as never }))).toEqual(valid);
  });

  it('becomes an instance again without running the constructor', () => {
    let runs = 0;
    @DomainEvent({ name: 'counted', topic: 'clock' })
    class Counted {
      @IsInt() readonly n!: number;
      constructor(init: EventInit<Counted>) {
        runs++;
        Object.assign(this, init);
      }
    }
    const contract = contractOf(Counted);
    runs = 0;
    const event = contract.fromData({ n: 1 }, 1);
    expect(event).toBeInstanceOf(Counted);
    expect(event.n).toBe(1);
    expect(runs).toBe(0);
  });

  it('leaves out what the class does not declare, as a newer producer may send it', () => {
    const event = contractOf(DecisionMade).fromData({ ...valid, addedLater: 1 }, 1);
    expect(Object.keys(event)).toEqual(['debateId', 'outcome']);
  });

  it('is refused when it breaks the rules or is no object', () => {
    for (const data of [null, [], 'text', 1, undefined, { debateId: 'd-1' }]) {
      expect(() => contractOf(DecisionMade).fromData(data, 1)).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }));
    }
  });

  it('cannot change a prototype, and is refused when it tries', () => {
    for (const text of [
      '{"debateId":"d-1","outcome":"accepted","__proto__":{"votes":1}}',
      '{"debateId":"d-1","outcome":"accepted","details":{"__proto__":{}}}',
    ]) {
      expect(() => contractOf(DecisionMade).fromData(JSON.parse(text), 1)).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }));
    }
    const inherited = Object.create({ votes: 7 }, Object.getOwnPropertyDescriptors({ ...valid })) as object;
    expect(contractOf(DecisionMade).fromData(inherited, 1).votes).toBeUndefined();
    const event = contractOf(DecisionMade).fromData(JSON.parse('{"debateId":"d-1","outcome":"accepted","constructor":{"name":"x"}}'), 1);
    expect(event.constructor).toBe(DecisionMade);
  });
});

describe('versions', () => {
  @DomainEvent({
    name: 'renamed',
    version: 3,
    topic: 'decision-events',
    upcast: (data, version) => (version === 1 ? { title: data.name } : { title: 'from two' }),
  })
  class Renamed {
    @IsString() readonly title!: string;
    constructor(init: EventInit<Renamed>) {
      Object.assign(this, init);
    }
  }

  it('are read as they are, or upcast when they are older', () => {
    const contract = contractOf(Renamed);
    expect(contract.fromData({ title: 'a' }, 3)).toEqual(new Renamed({ title: 'a' }));
    expect(contract.fromData({ name: 'b' }, 1).title).toBe('b');
    expect(contract.fromData({}, 2).title).toBe('from two');
  });

  it('are refused when they are newer, or older without an upcast', () => {
    expect(() => contractOf(Renamed).fromData({ title: 'a' }, 4)).toThrow(expect.objectContaining({ code: 'VERSION_UNSUPPORTED' }));
    expect(() => contractOf(DecisionMade).fromData(valid, 0)).toThrow(expect.objectContaining({ code: 'VERSION_UNSUPPORTED' }));
  });

  it('reach the upcast only when they are harmless', () => {
    expect(() => contractOf(Renamed).fromData({ name: 'a', more: JSON.parse('{"__proto__":1}') }, 1)).toThrow(
      expect.objectContaining({ code: 'EVENT_INVALID' }),
    );
  });

  it('are validated after the upcast', () => {
    expect(() => contractOf(Renamed).fromData({ name: 5 }, 1)).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }));
    expect(() => contractOf(Renamed).fromData({ name: JSON.parse('{"__proto__":1}') }, 1)).toThrow(
      expect.objectContaining({ code: 'EVENT_INVALID' }),
    );
  });
});
