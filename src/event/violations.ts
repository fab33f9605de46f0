import { validateSync, type ValidationError } from 'class-validator';

import { typeNameOf, type Violation } from './json-value.js';
import { rulesOf } from './validation-plan.js';
import type { EventClass } from './contract.js';

/** Every rule that an event breaks, in class-validator's words. None when class-validator accepts it. */
export function violationsOf(event: object, eventClass: EventClass): Violation[] {
  const talkative = new Set(
    rulesOf(eventClass)
      .filter(({ message }) => revealsValue(message))
      .map(({ propertyName }) => propertyName),
  );
  // Unknown values are found elsewhere; here it would refuse every event without fields.
  const errors = validateSync(event, { forbidUnknownValues: false });
  return errors.flatMap((error) => violationsIn(error, talkative.has(error.property)));
}

function violationsIn({ property, value, constraints = {} }: ValidationError, withoutMessage: boolean): Violation[] {
  return Object.entries(constraints).map(([rule, message]) => ({
    path: property,
    rule,
    message: `${withoutMessage ? `breaks the rule ${rule}` : withoutSubject(message, property)} (is ${typeNameOf(value)})`,
  }));
}

/** A message of the application's own may print the value, which may be a secret. */
function revealsValue(message: unknown): boolean {
  return typeof message === 'function' || (typeof message === 'string' && message.includes('$value'));
}

/** The path stands in front already. */
function withoutSubject(message: string, property: string): string {
  return message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
}
