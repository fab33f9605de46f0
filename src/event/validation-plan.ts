import { getMetadataStorage } from 'class-validator';

import { BusbarError } from '../errors.js';
import { isPromise } from '../maybe-promise.js';
import type { EventClass } from './contract.js';

type ClassValidatorStorage = ReturnType<typeof getMetadataStorage>;
/** One decorator on one property, as class-validator remembers it. */
export type RuleMetadata = ReturnType<ClassValidatorStorage['getTargetValidationMetadatas']>[number];
type Constraint = ReturnType<ClassValidatorStorage['getTargetValidatorConstraints']>[number];
type Condition = (event: object, value: unknown) => boolean;

/** Every validation decorator of a class and the classes it extends, in the order in which class-validator applies them. */
export function rulesOf(eventClass: EventClass): readonly RuleMetadata[] {
  return getMetadataStorage().getTargetValidationMetadatas(eventClass, '', false, false);
}

/** The constraints behind a decorator; none for those that class-validator treats itself, such as `@IsOptional`. */
export function constraintsOf(rule: RuleMetadata): readonly Constraint[] {
  return getMetadataStorage().getTargetValidatorConstraints(rule.constraintCls);
}

/**
 * Whether an event obeys all of its rules. It is what class-validator does, without looking the rules up each time and
 * without preparing an error for every property: the rules themselves are class-validator's, so both always agree.
 * Rules for nested classes are not known here; events have none.
 */
export type ValidationPlan = (event: object) => boolean;

export function compilePlan(eventClass: EventClass): ValidationPlan {
  const rules = rulesOf(eventClass);
  const names = [...new Set(rules.map(({ propertyName }) => propertyName))];
  const properties = names.map((name) => new PropertyPlan(name, rules, eventClass));
  return (event) => {
    for (const property of properties) if (!property.isValid(event)) return false;
    return true;
  };
}

class PropertyPlan {
  readonly #name: string;
  readonly #conditions: readonly Condition[];
  readonly #checks: readonly Check[];

  constructor(name: string, rules: readonly RuleMetadata[], eventClass: EventClass) {
    const own = rules.filter(({ propertyName }) => propertyName === name);
    this.#name = name;
    this.#conditions = own.filter(({ type }) => type === 'conditionalValidation').map(({ constraints }) => constraints[0] as Condition);
    this.#checks = ['isDefined', 'customValidation'].flatMap((type) =>
      own
        .filter((rule) => rule.type === type)
        .flatMap((rule) => constraintsOf(rule).map((constraint) => new Check(rule, constraint, eventClass.name))),
    );
  }

  isValid(event: object): boolean {
    const value = (event as Record<string, unknown>)[this.#name];
    for (const condition of this.#conditions) if (!condition(event, value)) return true;
    for (const check of this.#checks) if (!check.passes(event, value)) return false;
    return true;
  }
}

class Check {
  readonly #rule: RuleMetadata;
  readonly #targetName: string;
  readonly #constraints: unknown[];
  readonly #validator: Constraint['instance'];

  constructor(rule: RuleMetadata, constraint: Constraint, targetName: string) {
    this.#targetName = targetName;
    this.#rule = rule;
    this.#constraints = rule.constraints;
    this.#validator = constraint.instance;
  }

  passes(event: object, value: unknown): boolean {
    const rule = this.#rule;
    if (rule.validateIf !== undefined && !rule.validateIf(event, value)) return true;
    const args = {
      targetName: this.#targetName,
      property: rule.propertyName,
      object: event,
      value,
      constraints: this.#constraints,
    };
    if (!rule.each || !Array.isArray(value)) return this.#answer(this.#validator.validate(value, args));
    // As class-validator does, every item is looked at. It knows sets and maps too, but JSON does not.
    return value.map((item) => this.#answer(this.#validator.validate(item, args))).every(Boolean);
  }

  #answer(verdict: boolean | Promise<boolean>): boolean {
    if (typeof verdict === 'boolean' || !isPromise(verdict)) return Boolean(verdict);
    // Its answer comes too late for this event; its failure must not end the process.
    verdict.catch(() => false);
    const { name, propertyName } = this.#rule;
    throw new BusbarError(
      'EVENT_DEFINITION',
      `${propertyName}: the rule ${name ?? 'of its validator'} is asynchronous; events are validated synchronously`,
    );
  }
}
