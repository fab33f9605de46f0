import { insteadOf } from '../../config/nearest.js';
import type { WiringFinding } from './finding.js';

/** Options that a call was given and that do not exist, as they come from plain JavaScript. */
export function optionFindings(where: string, given: object, options: readonly string[]): WiringFinding[] {
  return Object.keys(given)
    .filter((option) => !options.includes(option))
    .map((option) => ({ level: 'error', where, what: `has no option \`${option}\``, fix: insteadOf(option, options) }));
}
