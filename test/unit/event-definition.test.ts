import { Allow, IsDate, IsInstance, IsNumber, IsOptional, IsString, registerDecorator, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';

import { contractOf } from '../../src/event/contract-of.js';
import type { Direction, EventClass, EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';

/** What registration says of a class; empty when it may be carried. */
function problems(eventClass: EventClass): string {
  try {
    contractOf(eventClass);
    return '';
  } catch (error) {
    expect(error).toMatchObject({ code: 'EVENT_DEFINITION' });
    return (error as Error).message;
  }
}

const options = { name: 'thing_done', topic: 'things' } as const;

describe('a class that can be carried', () => {
  it('may have methods, optional fields, inherited fields and fields of any JSON value', () => {
    class Base {
      @IsString() readonly id!: string;
    }
    @DomainEvent({ ...options, key: 'id' })
    class Fine extends Base {
      @IsOptional() @IsNumber() readonly count?: number;
      @Allow() readonly details!: unknown;
      constructor(init: EventInit<Fine>) {
        super();
        Object.assign(this, init);
      }
      describe(): string {
        return `#${this.id}: nothing = private #here;`;
      }
    }
    expect(problems(Fine)).toBe('');
    expect(contractOf(Fine).fields.toSorted()).toEqual(['count', 'details', 'id']);
  });

  it('may insist on its data when it is constructed', () => {
    @DomainEvent(options)
    class Insisting {
      @IsString() readonly id!: string;
      constructor(init: EventInit<Insisting>) {
        if (init.id === undefined) throw new Error('id is missing');
        Object.assign(this, init);
      }
    }
    expect(problems(Insisting)).toBe('');
  });

  it('may take its fields one by one', () => {
    @DomainEvent(options)
    class Positional {
      @IsString() readonly id: string;
      constructor(id: string) {
        this.id = id;
      }
    }
    expect(problems(Positional as unknown as EventClass)).toBe('');
  });
});

describe('a class that cannot be carried', () => {
  it('is told everything at once: class, field, reason and fix', () => {
    class Money {}
    @DomainEvent({ ...options, name: 'Not Allowed', topic: '..', version: 0 })
    class Wrong {
      @IsString() readonly status: string = 'new';
      @IsDate() readonly at!: Date;
      @ValidateNested() readonly price!: Money;
      @IsInstance(Money) readonly tax!: Money;
      readonly undeclared!: string;
      readonly #secret!: string;
      get label(): string {
        return this.#secret;
      }
      constructor(init: EventInit<Wrong>) {
        Object.assign(this, init);
      }
    }
    const text = problems(Wrong);
    for (const part of [
      'Wrong: the name "Not Allowed" is not allowed',
      'Wrong: the version 0 is not allowed',
      'Wrong: the topic ".." is not allowed',
      'Wrong: at is a Date, which JSON cannot carry: declare a string with @IsISO8601()',
      'Wrong: price is an instance of a class',
      'Wrong: tax is an instance of a class',
      'Wrong: label is an accessor',
      'Wrong: #secret is private',
      'Wrong: undeclared is not declared: give it a decorator of class-validator, @Allow()',
      'Wrong: status has an initialiser',
    ]) {
      expect(text).toContain(part);
    }
    expect(text.split('\n')).toHaveLength(10);
  });

  it.each(['', 'Upper', 'two words', 'trailing_', '-leading', 'umläut', 'a'.repeat(201), 7])(
    'has a name that is not allowed: %j',
    (name) => {
      @DomainEvent({ ...options, name: name as string })
      class Named {}
      expect(problems(Named)).toContain('the name');
    },
  );

  it.each(['a', 'decision_made', 'a.b-c_d', 'v2.decision'])('has not the name %j', (name) => {
    @DomainEvent({ ...options, name })
    class Named {}
    expect(problems(Named)).toBe('');
  });

  it.each([0, -1, 1.5, Number.NaN, '1'])('has a version that is not allowed: %j', (version) => {
    @DomainEvent({ ...options, version: version as number })
    class Versioned {}
    expect(problems(Versioned)).toContain('the version');
  });

  it.each(['', '.', 'a b', 'a/b', 'x'.repeat(250)])('has a topic that Kafka does not allow: %j', (topic) => {
    @DomainEvent({ ...options, topic })
    class Topical {}
    expect(problems(Topical)).toContain('the topic');
  });

  it('has a direction, a key or an upcast that is none', () => {
    @DomainEvent({ ...options, direction: 'up' as Direction, upcast: 'x' as never, key: 5 as never })
    class Astray {}
    expect(problems(Astray).split('\n')).toHaveLength(3);
  });

  it('has a key that no decorator declares', () => {
    @DomainEvent({ ...options, key: 'id' })
    class Keyed {
      readonly id!: string;
      @IsString() readonly name!: string;
    }
    expect(problems(Keyed)).toContain('the key "id" is no declared field: name one of name');
  });

  it('has an accessor or a private field in a class that it extends', () => {
    class Base {
      #hidden() {
        return 1;
      }
      set value(_value: number) {
        this.#hidden();
      }
    }
    @DomainEvent(options)
    class Extended extends Base {}
    expect(problems(Extended)).toContain('value is an accessor');
    expect(problems(Extended)).toContain('#hidden is private');
  });

  it('has an asynchronous rule, for events are validated synchronously', () => {
    const isFree = (target: object, propertyName: string) =>
      registerDecorator({
        name: 'isFree',
        async: true,
        target: target.constructor,
        propertyName,
        validator: { validate: () => Promise.resolve(true) },
      });
    @DomainEvent(options)
    class Booked {
      @isFree readonly room!: string;
    }
    expect(problems(Booked)).toContain('room has the asynchronous rule isFree');
  });

  it('has a field whose name means something to every object', () => {
    @DomainEvent(options)
    class Reserved {
      @Allow() readonly toJSON!: string;
    }
    expect(problems(Reserved)).toContain('toJSON cannot be the name of a field');
  });
});

describe('an asynchronous rule that does not say so', () => {
  it('is an error of the class when it answers', () => {
    const isFree = (target: object, propertyName: string) =>
      registerDecorator({
        name: 'isFree',
        target: target.constructor,
        propertyName,
        validator: { validate: () => Promise.reject(new Error('no')) },
      });
    @DomainEvent(options)
    class Sly {
      @isFree readonly room!: string;
    }
    expect(() => contractOf(Sly).validate(new Sly())).toThrow(expect.objectContaining({ code: 'EVENT_DEFINITION' }));
  });
});

describe('the options of @DomainEvent', () => {
  it('are those that there are: another one is refused, not ignored', () => {
    const more = { ...options, partitions: 3 };
    @DomainEvent(more)
    class Optimist {
      @IsString() readonly id!: string;
    }
    expect(problems(Optimist)).toContain(
      'Optimist: partitions is no option of @DomainEvent: use name, version, topic, key, direction, upcast',
    );
  });

  it('are checked against the class when it is compiled', () => {
    // @ts-expect-error the class has no such field
    @DomainEvent({ ...options, key: 'missing' })
    class NoSuchField {
      @IsString() readonly id!: string;
    }
    // @ts-expect-error a key is a string
    @DomainEvent({ ...options, key: 'count' })
    class NumberAsKey {
      @IsNumber() readonly count!: number;
    }
    // @ts-expect-error a key is always there
    @DomainEvent({ ...options, key: 'id' })
    class OptionalKey {
      @IsOptional() @IsString() readonly id?: string;
    }
    // @ts-expect-error the function takes another event
    @DomainEvent({ ...options, key: (event: NumberAsKey) => String(event.count) })
    class ForeignFunction {
      @IsString() readonly id!: string;
    }
    // @ts-expect-error a key function gives a string
    @DomainEvent({ ...options, key: (event: NumberResult) => event.count })
    class NumberResult {
      @IsNumber() readonly count!: number;
    }
    // @ts-expect-error there is no such direction
    @DomainEvent({ ...options, direction: 'up' })
    class NoDirection {}
    // @ts-expect-error a topic is needed
    @DomainEvent({ name: 'thing_done' })
    class NoTopic {}

    @DomainEvent({ ...options, key: (event: ByFunction) => `${event.a}/${event.b}` })
    class ByFunction {
      @IsString() readonly a!: string;
      @IsNumber() readonly b!: number;
      constructor(init: EventInit<ByFunction>) {
        Object.assign(this, init);
      }
    }
    expect(contractOf(ByFunction).keyOf(new ByFunction({ a: 'x', b: 1 }))).toBe('x/1');
    expect([NoSuchField, NumberAsKey, OptionalKey, ForeignFunction, NumberResult, NoDirection, NoTopic]).toHaveLength(7);
  });

  it('let a field of literals be the key', () => {
    @DomainEvent({ ...options, key: 'kind' })
    class Literal {
      @IsString() readonly kind!: 'a' | 'b';
    }
    expect(contractOf(Literal).isKeyed).toBe(true);
  });
});
