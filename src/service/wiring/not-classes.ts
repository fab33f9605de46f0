import type { WiringFinding } from './finding.js';

/** What stands in a list of classes and is none; an import that goes in a circle leaves `undefined` there. */
export function notClasses(list: string, given: readonly unknown[]): WiringFinding[] {
  return given.flatMap((one, index) => (typeof one === 'function' ? [] : [notClass(`${list}[${index}]`, 'is', one)]));
}

/** Something that stands where a class belongs; `where` and `verb` begin the sentence. */
export function notClass(where: string, verb: string, given: unknown): WiringFinding {
  const isMissing = given === undefined || given === null;
  const what = isMissing ? `${verb} ${given}` : `${verb} no class but ${typeof given === 'object' ? 'an object' : typeof given}`;
  const fix =
    given === undefined
      ? 'look at its import: the name may be wrong, or two files import each other'
      : 'name the class itself, not an instance';
  return { level: 'error', where, what, fix };
}

/** The classes of a list, each once. */
export function classesOf<T>(given: readonly T[]): T[] {
  return [...new Set(given)].filter((one) => typeof one === 'function');
}

/** Those that are listed more than once. */
export function listedTwice(list: string, given: readonly { readonly name: string }[]): WiringFinding[] {
  const twice = classesOf(given).filter((one) => given.indexOf(one) !== given.lastIndexOf(one));
  return twice.map(({ name }) => ({ level: 'error', where: name, what: `is listed twice in \`${list}\``, fix: 'remove one' }));
}
