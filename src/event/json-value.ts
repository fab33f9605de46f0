/** How deep the data of an event may be nested. Deeper values are refused: they are cycles or attacks, not data. */
const MAX_DEPTH = 64;

/** What is wrong with a value, and where: `path` begins with the name of the field. */
export interface Violation {
  readonly path: string;
  /** The rule that was broken. */
  readonly rule: string;
  /** What the rule wants and which type the value has; never the value. */
  readonly message: string;
}

/**
 * The first reason why `value` is not what JSON can carry and give back: a string, a finite number, a boolean, null, an
 * array or a plain object of those. Undefined is left out of objects, as JSON does, but refused in arrays.
 */
export function jsonViolation(value: unknown, path: string, depth = 0): Violation | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : refuse(path, 'must be a finite number');
    case 'object':
      return value === null ? undefined : structureViolation(value, path, depth);
    default:
      return refuse(path, `must be a JSON value, not a ${typeof value}`);
  }
}

function structureViolation(value: object, path: string, depth: number): Violation | undefined {
  if (depth >= MAX_DEPTH) return refuse(path, `must not be nested deeper than ${MAX_DEPTH} levels or contain itself`);
  if (Array.isArray(value)) return arrayViolation(value as readonly unknown[], path, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    return refuse(path, `must be a plain object, not an instance of ${classNameOf(value)}`);
  }
  for (const name of Object.keys(value)) {
    // As an own property it is harmless here, but whoever merges the object elsewhere changes a prototype.
    if (name === '__proto__') return refuse(path, 'must not have a property named __proto__');
    const found = jsonViolation((value as Record<string, unknown>)[name], `${path}.${name}`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function arrayViolation(values: readonly unknown[], path: string, depth: number): Violation | undefined {
  for (let i = 0; i < values.length; i++) {
    if (values[i] === undefined) return refuse(`${path}[${i}]`, 'must not be undefined: JSON would make it null');
    const found = jsonViolation(values[i], `${path}[${i}]`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The type of a value as a message may name it. */
export function typeNameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'object' ? classNameOf(value) : typeof value;
}

function classNameOf(value: object): string {
  const { constructor } = value as { constructor?: unknown };
  const name = typeof constructor === 'function' ? constructor.name : '';
  return name === '' || name === 'Object' ? 'object' : name;
}

function refuse(path: string, message: string): Violation {
  return { path, rule: 'json', message };
}
