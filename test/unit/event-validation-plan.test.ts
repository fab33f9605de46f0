import * as rules from 'class-validator';
import { describe, expect, it } from 'vitest';

import type { EventClass } from '../../src/event/contract.js';
import { compilePlan } from '../../src/event/validation-plan.js';

type PropertyRule = (target: object, property: string) => void;

const isLongerThanOther: PropertyRule = (target, propertyName) =>
  rules.registerDecorator({
    name: 'isLongerThanOther',
    target: target.constructor,
    propertyName,
    constraints: ['other'],
    validator: {
      validate: (value, args) => {
        const { object, constraints } = args as { object: object; constraints: unknown[] };
        return String(value).length > String((object as Record<string, unknown>)[constraints[0] as string]).length;
      },
    },
  });

/** Each is what decorates the property `value` of one class. */
const decorated: Record<string, readonly PropertyRule[]> = {
  IsString: [rules.IsString()],
  IsInt: [rules.IsInt()],
  IsNumber: [rules.IsNumber()],
  'IsNumber with options': [rules.IsNumber({ allowNaN: true, allowInfinity: true, maxDecimalPlaces: 1 })],
  IsBoolean: [rules.IsBoolean()],
  IsIn: [rules.IsIn(['a', 1, null])],
  IsNotIn: [rules.IsNotIn(['a', 1])],
  'Min and Max': [rules.Min(1), rules.Max(3)],
  'MinLength and MaxLength': [rules.MinLength(1), rules.MaxLength(3)],
  Length: [rules.Length(1, 3)],
  Matches: [rules.Matches(/^[a-c]+$/)],
  IsUUID: [rules.IsUUID()],
  IsISO8601: [rules.IsISO8601({ strict: true })],
  IsEmail: [rules.IsEmail()],
  IsNotEmpty: [rules.IsNotEmpty()],
  IsArray: [rules.IsArray()],
  'ArrayMinSize and ArrayUnique': [rules.ArrayMinSize(1), rules.ArrayUnique()],
  IsObject: [rules.IsObject()],
  IsDefined: [rules.IsDefined()],
  IsPositive: [rules.IsPositive()],
  IsEnum: [rules.IsEnum({ A: 'a', ONE: 1 })],
  Equals: [rules.Equals('a')],
  IsOptional: [rules.IsOptional(), rules.IsString()],
  'IsOptional and IsDefined': [rules.IsOptional(), rules.IsDefined()],
  'ValidateIf on another property': [rules.ValidateIf((object: { other?: unknown }) => object.other === 'a'), rules.IsInt()],
  'two conditions': [rules.ValidateIf(() => false), rules.IsOptional(), rules.IsInt()],
  'validateIf of one rule': [rules.IsString({ validateIf: (_object, value) => value !== 1 })],
  'each string': [rules.IsString({ each: true })],
  'each between': [rules.IsArray(), rules.Min(0, { each: true }), rules.Max(2, { each: true })],
  groups: [rules.IsString({ groups: ['a'] }), rules.MinLength(2, { groups: ['b'], always: true })],
  'never always': [rules.IsString({ always: false })],
  Allow: [rules.Allow()],
  'a rule that looks at another property': [isLongerThanOther],
};

const values: readonly unknown[] = [
  undefined,
  null,
  '',
  'a',
  'abc',
  'abcd',
  'héé',
  '1',
  '2026-01-02',
  '2026-02-30T00:00:00Z',
  '0af76519-16cd-43dd-8448-eb211c80319c',
  'a@example.com',
  true,
  false,
  0,
  -0,
  1,
  2.5,
  2.55,
  3,
  -1,
  4,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.MAX_SAFE_INTEGER + 2,
  [],
  ['a'],
  ['a', 'a'],
  ['a', 1],
  [0, 1, 2],
  [0, 5],
  [null],
  [undefined],
  [[]],
  {},
  { a: 1 },
  new Date(0),
];

function classWith(property: string, decorators: readonly PropertyRule[], base?: EventClass): EventClass {
  const made: EventClass = base === undefined ? class Decorated {} : class Inheriting extends base {};
  for (const decorate of decorators.toReversed()) decorate(made.prototype as object, property);
  return made;
}

/** The event classes above, alone, together with a second property, and redecorated in a class that inherits. */
function eventClasses(): [string, EventClass][] {
  return Object.entries(decorated).flatMap(([name, decorators]) => {
    const alone = classWith('value', decorators);
    const withOther = classWith('other', [rules.IsOptional(), rules.IsString()], classWith('value', decorators));
    const again = classWith('value', [rules.IsNotEmpty(), rules.IsOptional()], classWith('value', decorators));
    return [
      [name, alone],
      [`${name}, inherited`, withOther],
      [`${name}, decorated again`, again],
    ] as [string, EventClass][];
  });
}

describe('the compiled plan and class-validator', () => {
  it.each(eventClasses())('agree on every value: %s', (_name, eventClass) => {
    const obeys = compilePlan(eventClass);
    const verdicts = new Set<boolean>();
    for (const value of values) {
      for (const other of [undefined, 'a', 5]) {
        const event = Object.assign(Object.create(eventClass.prototype as object) as object, { value, other });
        const verdict = obeys(event);
        verdicts.add(verdict);
        const errors = rules.validateSync(event, { forbidUnknownValues: false });
        expect({ value, other, valid: verdict }).toEqual({ value, other, valid: errors.length === 0 });
      }
    }
    // A table that only ever passes would prove nothing.
    expect(verdicts.has(true)).toBe(true);
  });

  it('both refuse something of nearly every class', () => {
    const neverRefuses = Object.entries(decorated)
      .filter(([, decorators]) => {
        const eventClass = classWith('value', decorators);
        const obeys = compilePlan(eventClass);
        return values.every((value) =>
          obeys(Object.assign(Object.create(eventClass.prototype as object) as object, { value, other: 'a' })),
        );
      })
      .map(([name]) => name);
    expect(neverRefuses).toEqual(['IsOptional and IsDefined', 'two conditions', 'Allow']);
  });
});
