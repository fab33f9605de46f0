import { IsBoolean, IsIn, IsInstance, IsInt, IsOptional, IsString, Matches, Max, Min, ValidateBy } from 'class-validator';

import { Secret } from './secret.js';

/** What is said of every setting, beside the values it may have. */
interface About<T> {
  /** What the setting does, for the documentation. */
  readonly effect: string;
  /** Undefined: there is none, and the setting may stay unset. */
  readonly default?: T | undefined;
  /** The default in words, when it is worked out from something else. */
  readonly defaultText?: string | undefined;
  /** True: there is no default and no leaving it out. */
  readonly required?: boolean | undefined;
  /** What to do about a wrong value, when it is more than choosing an allowed one. */
  readonly fix?: string | undefined;
}

/** One setting as it was declared in `settings.ts`. */
export interface Setting extends About<string | number | boolean> {
  /** As in code and in the file, e.g. `numPartitions`. */
  readonly name: string;
  /** The environment variable, e.g. `KAFKA_NUM_PARTITIONS`; undefined for what only file and code can say. */
  readonly variable: string | undefined;
  /** What is allowed, in words. */
  readonly allowed: string;
  /** True: its value is never shown. */
  readonly secret: boolean;
  /** Turns what was given into the value, as far as it can; the rest is left for the validation to refuse. */
  read(given: unknown): unknown;
}

const declared = new Map<string, Setting>();

/** Every setting by its name, in the order of declaration. */
export function settings(): ReadonlyMap<string, Setting> {
  return declared;
}

export const VARIABLE_PREFIX = 'KAFKA_';

/** `numPartitions` -> `KAFKA_NUM_PARTITIONS`. */
function variableOf(name: string): string {
  return VARIABLE_PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

type Kind = { readonly allowed: string; readonly secret?: boolean; readonly inEnvironment?: boolean; read(given: unknown): unknown };

/** Records the setting and hands its rules to class-validator; `rules` carry `allowed` as their message. */
export function setting(kind: Kind, about: About<string | number | boolean>, rules: readonly PropertyDecorator[]): PropertyDecorator {
  return (target, property) => {
    const name = String(property);
    const variable = kind.inEnvironment === false ? undefined : variableOf(name);
    declared.set(name, {
      ...about,
      name,
      variable,
      allowed: kind.allowed,
      secret: kind.secret ?? false,
      read: (given) => kind.read(given),
    });
    for (const rule of about.required ? rules : [...rules, IsOptional()]) rule(target, property);
  };
}

const asIs = (given: unknown): unknown => given;

/** Reads texts with `read` and leaves everything else as it is. */
const texts =
  (read: (text: string) => unknown) =>
  (given: unknown): unknown =>
    typeof given === 'string' ? read(given) : given;

/** A text that matches `pattern`, which `allowed` says in words. */
export function Text(pattern: RegExp, allowed: string, about: About<string>): PropertyDecorator {
  return setting({ allowed, read: asIs }, about, [IsString({ message: allowed }), Matches(pattern, { message: allowed })]);
}

/** An integer in a range, both ends included. */
export function Integer(from: number, to: number, about: About<number>): PropertyDecorator {
  const allowed = `an integer from ${from} to ${to}`;
  const read = texts((text) => (/^[+-]?\d+$/.test(text) ? Number(text) : text));
  return setting({ allowed, read }, about, [IsInt({ message: allowed }), Min(from, { message: allowed }), Max(to, { message: allowed })]);
}

const FLAGS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

export function Flag(about: About<boolean>): PropertyDecorator {
  const allowed = '`true` or `false` (also `1` or `0`)';
  const read = texts((text) => FLAGS.get(text.toLowerCase()) ?? text);
  return setting({ allowed, read }, about, [IsBoolean({ message: allowed })]);
}

/** One of `choices`, in any case, or what `also` takes for one; `remark` is said beside them. A file may hold a choice as a number. */
export function Choice<T extends string>(
  choices: readonly T[],
  about: About<T>,
  { remark, also }: { readonly remark?: string; readonly also?: Readonly<Record<string, T>> } = {},
): PropertyDecorator {
  const list = choices.map((choice) => `\`${choice}\``).join(', ');
  const allowed = remark === undefined ? list : `${list} (${remark})`;
  const byText = new Map([...choices.map((choice) => [choice.toLowerCase(), choice] as const), ...Object.entries(also ?? {})]);
  const read = (given: unknown): unknown => byText.get(String(given).toLowerCase()) ?? given;
  return setting({ allowed, read }, about, [IsIn([...choices], { message: allowed })]);
}

/** A text that is never shown. */
export function Hidden(about: About<never>): PropertyDecorator {
  const allowed = 'a text (in a file, in quotes)';
  return setting({ allowed, secret: true, read: texts((text) => new Secret(text)) }, about, [IsInstance(Secret, { message: allowed })]);
}

/** A comma-separated text, or a list of texts; each has to match `pattern`, unless the only one matches `alone`. */
export function Listed(pattern: RegExp, alone: RegExp, allowed: string, about: About<never>): PropertyDecorator {
  const matches = (value: unknown): boolean => {
    if (!Array.isArray(value) || value.length === 0 || !value.every((part) => typeof part === 'string')) return false;
    return (value.length === 1 && alone.test(value[0] ?? '')) || value.every((part) => pattern.test(part));
  };
  const read = texts((text) => (alone.test(text) ? [text] : text.split(',').map((part) => part.trim())));
  return setting({ allowed, read }, about, [ValidateBy({ name: 'listed', validator: { validate: matches } }, { message: allowed })]);
}

/** A setting whose feature this version does not have: every value is refused. */
export function NotYet(feature: string, about: About<never>): PropertyDecorator {
  const allowed = `nothing: this version has no ${feature}`;
  return setting({ allowed, secret: true, read: asIs }, about, [IsIn([], { message: allowed })]);
}
