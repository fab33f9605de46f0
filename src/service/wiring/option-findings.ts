import { insteadOf } from '../../config/nearest.js';
import type { WiringFinding } from './finding.js';

/** What is given where a list of classes belongs and is none, e.g. one class alone. */
export function listFindings(where: string, given: Readonly<Record<string, unknown>>): WiringFinding[] {
  return Object.entries(given)
    .filter(([, list]) => !Array.isArray(list))
    .map(([option]) => ({
      level: 'error',
      where,
      what: `was given \`${option}\` that are no list`,
      fix: `put the classes into brackets: ${option}: [ … ]`,
    }));
}

/** Options that a call was given and that do not exist, as they come from plain JavaScript. */
export function optionFindings(where: string, given: object, options: readonly string[]): WiringFinding[] {
  return Object.keys(given)
    .filter((option) => !options.includes(option))
    .map((option) => ({ level: 'error', where, what: `has no option \`${option}\``, fix: insteadOf(option, options) }));
}
