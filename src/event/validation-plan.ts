import { getMetadataStorage, type ValidationArguments } from 'class-validator';

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
  const properties = names.map((name) => new PropertyPlan(name, rules));
  const targetName = eventClass.name;
  return (event) => {
    // One for all rules: making them is a good part of what validating costs. Every rule has answered before the next is asked.
    const args: Arguments = { targetName, property: '', object: event, value: undefined, constraints: [] };
    for (const property of properties) if (!property.isValid(event, args)) return false;
    return true;
  };
}

/** What class-validator tells a rule beside the value. */
type Arguments = Omit<ValidationArguments, 'value' | 'constraints'> & { value: unknown; constraints: unknown[] };

class PropertyPlan {
  readonly #name: string;
  readonly #conditions: readonly Condition[];
  readonly #checks: readonly Check[];

  constructor(name: string, rules: readonly RuleMetadata[]) {
    const own = rules.filter(({ propertyName }) => propertyName === name);
    this.#name = name;
    this.#conditions = own.filter(({ type }) => type === 'conditionalValidation').map(({ constraints }) => constraints[0] as Condition);
    this.#checks = ['isDefined', 'customValidation'].flatMap((type) =>
      own.filter((rule) => rule.type === type).flatMap((rule) => constraintsOf(rule).map((constraint) => new Check(rule, constraint))),
    );
  }

  isValid(event: object, args: Arguments): boolean {
    const value = (event as Record<string, unknown>)[this.#name];
    for (const condition of this.#conditions) if (!condition(event, value)) return true;
    args.property = this.#name;
    args.value = value;
    for (const check of this.#checks) if (!check.passes(args)) return false;
    return true;
  }
}

class Check {
  readonly #rule: RuleMetadata;
  readonly #validateIf: RuleMetadata['validateIf'];
  readonly #constraints: unknown[];
  readonly #each: boolean;
  /** Every validator is of a class of its own, so to look this up for each event would take as long as the rule itself. */
  readonly #validate: Constraint['instance']['validate'];

  constructor(rule: RuleMetadata, constraint: Constraint) {
    this.#rule = rule;
    this.#validateIf = rule.validateIf;
    this.#constraints = rule.constraints;
    this.#each = rule.each;
    this.#validate = constraint.instance.validate.bind(constraint.instance);
  }

  passes(args: Arguments): boolean {
    if (this.#validateIf !== undefined && !this.#validateIf(args.object, args.value)) return true;
    args.constraints = this.#constraints;
    if (!this.#each || !Array.isArray(args.value)) return this.#verdict(args.value, args);
    // As class-validator does, every item is looked at. It knows sets and maps too, but JSON does not.
    return args.value.map((item) => this.#verdict(item, args)).every(Boolean);
  }

  #verdict(value: unknown, args: Arguments): boolean {
    const verdict = this.#validate(value, args);
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
