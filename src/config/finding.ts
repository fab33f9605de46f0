import { inspect } from 'node:util';

import { BusbarError } from '../errors.js';

/** One thing that is wrong with the configuration. Holds no secret. */
export interface Finding {
  /** The setting and where its value came from, e.g. `KAFKA_ACKS` or `acks in busbar.yaml (KAFKA_ACKS)`. */
  readonly name: string;
  /** The value as it was given, as text; `******` for a secret; undefined when it is missing. */
  readonly value: string | undefined;
  readonly allowed: string;
  readonly fix: string;
}

/** Rejection of a configuration: everything that is wrong with it at once. */
export class ConfigError extends BusbarError {
  override readonly name = 'ConfigError';
  readonly findings: readonly Finding[];

  /** The message ends with `warnings`: a name that was mistyped may be why another is missing. */
  constructor(code: 'CONFIG_INVALID' | 'CONFIG_BOOTSTRAP_MISSING', findings: readonly Finding[], warnings: readonly string[] = []) {
    const lines = [...findings.map(line), ...warnings.map((warning) => `\n  - ${warning}`)].join('');
    super(code, `${findings.length === 1 ? 'one setting is' : `${findings.length} settings are`} wrong:${lines}`);
    this.findings = Object.freeze([...findings]);
  }
}

function line({ name, value, allowed, fix }: Finding): string {
  return `\n  - ${name} ${value === undefined ? 'is not set' : `is ${value}`}; allowed: ${allowed}; fix: ${fix}`;
}

/** A value as a finding shows it: short, in one line, without what stands in front of an `@` (credentials in addresses). */
export function shown(value: unknown, secret: boolean): string {
  if (secret) return '******';
  const text = (typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 2, breakLength: Infinity })).replace(
    /[^\s"',]*@/g,
    '******@',
  );
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
