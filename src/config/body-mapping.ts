import { nearest } from './nearest.js';

/** Where a JSON body without CloudEvents headers has its event name and its data. */
export interface BodyMapping {
  /** Fields that may hold the name; the first that does counts. */
  readonly name: readonly string[];
  /** Field that holds the data, if it is an object; else the whole body is the data. */
  readonly data: string;
}

/** What file or code may say of it. What is left out is as without a mapping: `event_type`, else `type`, and `data`. */
export interface BodyMappingInit {
  readonly name?: string | readonly string[] | undefined;
  readonly data?: string | undefined;
}

export const DEFAULT_MAPPING: BodyMapping = Object.freeze({ name: Object.freeze(['event_type', 'type']), data: 'data' });

const FIELDS = ['name', 'data'] as const;
const ALLOWED = '`name` (a field of the body, or a list of fields) and `data` (a field)';

export interface MappingProblem {
  /** The part that is wrong; undefined for the mapping as a whole. */
  readonly part: string | undefined;
  readonly value: unknown;
  readonly allowed: string;
}

/** Everything that is wrong with a mapping as file or code gave it. */
export function mappingProblems(given: unknown): MappingProblem[] {
  if (given === undefined || given === null) return [];
  if (typeof given !== 'object' || Array.isArray(given)) return [{ part: undefined, value: given, allowed: ALLOWED }];
  const { name, data, ...unknown } = given as Record<(typeof FIELDS)[number], unknown>;
  const problems = Object.entries(unknown).map(([part, value]): MappingProblem => {
    const meant = nearest(part, FIELDS);
    return { part, value, allowed: `only \`name\` and \`data\`${meant === undefined ? '' : `; did you mean \`${meant}\`?`}` };
  });
  const names = Array.isArray(name) ? (name as unknown[]) : [name];
  if (name !== undefined && name !== null && (names.length === 0 || !names.every(isField)))
    problems.push({
      part: 'name',
      value: name,
      allowed: 'the name of a field, or a list of such names, of which the first that is there counts',
    });
  if (data !== undefined && data !== null && !isField(data)) problems.push({ part: 'data', value: data, allowed: 'the name of a field' });
  return problems;
}

/** A mapping that has no problems, completed. */
export function completeMapping({ name, data }: BodyMappingInit): BodyMapping {
  const names = name ?? DEFAULT_MAPPING.name;
  return Object.freeze({ name: Object.freeze(typeof names === 'string' ? [names] : [...names]), data: data ?? DEFAULT_MAPPING.data });
}

function isField(given: unknown): boolean {
  return typeof given === 'string' && given !== '';
}
