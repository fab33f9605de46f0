import type { Finding } from './finding.js';
import { shown } from './finding.js';
import { nearest } from './nearest.js';
import { settings, VARIABLE_PREFIX, type Setting } from './setting.js';

/** The settings of one source. Of several layers the later one wins. */
export interface Layer {
  /** What was given, by the name of the setting. */
  readonly given: ReadonlyMap<string, unknown>;
  /** The name of a setting as the user of this source knows it. */
  nameOf(setting: Setting): string;
  readonly findings: readonly Finding[];
  readonly warnings: readonly string[];
}

/** The `KAFKA_…` variables. Empty ones count as not set; others that begin with `KAFKA_` are left alone, unless they look like a slip. */
export function environmentLayer(env: Readonly<Record<string, string | undefined>>): Layer {
  const byVariable = new Map(
    [...settings().values()].flatMap((setting) => (setting.variable === undefined ? [] : [[setting.variable, setting] as const])),
  );
  const given = new Map<string, unknown>();
  const warnings: string[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.toUpperCase().startsWith(VARIABLE_PREFIX) || text === undefined || text.trim() === '') continue;
    const setting = byVariable.get(variable);
    if (setting !== undefined) {
      given.set(setting.name, setting.secret ? text : text.trim());
      continue;
    }
    const meant = nearestVariable(variable, [...byVariable.keys()]);
    if (meant !== undefined) warnings.push(`${variable} is not a setting and has no effect; did you mean ${meant}?`);
  }
  return { given, nameOf: ({ name, variable }) => variable ?? name, findings: [], warnings };
}

/** Compares without the prefix: it would make every name look alike. */
function nearestVariable(variable: string, candidates: readonly string[]): string | undefined {
  const meant = nearest(
    variable.slice(VARIABLE_PREFIX.length),
    candidates.map((candidate) => candidate.slice(VARIABLE_PREFIX.length)),
  );
  return meant === undefined ? undefined : VARIABLE_PREFIX + meant;
}

/**
 * Settings of a file or of code. A name may be written `numPartitions`, `num_partitions`, `num-partitions` or
 * `KAFKA_NUM_PARTITIONS`; one that is none of ours is a finding. `null` counts as not set. `place` is put after the name.
 */
export function objectLayer(source: Readonly<Record<string, unknown>>, place: string): Layer {
  const byName = new Map([...settings().values()].map((setting) => [plain(setting.name), setting]));
  const nameOf = ({ name, variable }: Setting): string => `${name} ${place}${variable === undefined ? '' : ` (${variable})`}`;
  const given = new Map<string, unknown>();
  const findings: Finding[] = [];
  // From plain JavaScript anything may come.
  if (typeof source !== 'object' || source === null || Array.isArray(source)) {
    const fix = "give an object, e.g. { serviceName: 'debates', bootstrapServers: 'host:9092' }";
    findings.push({ name: `the settings ${place}`, value: undefined, allowed: 'an object of settings', fix });
  }
  for (const [written, value] of Object.entries(source ?? {})) {
    const setting = byName.get(plain(written));
    if (setting === undefined) {
      const meant = nearest(
        written,
        [...byName.values()].map(({ name }) => name),
      );
      const fix = meant === undefined ? 'remove it' : `did you mean ${meant}?`;
      findings.push({ name: `${written} ${place}`, value: '******', allowed: 'only the names of settings', fix });
    } else if (given.has(setting.name)) {
      findings.push({
        name: nameOf(setting),
        value: shown(value, setting.secret),
        allowed: 'one value',
        fix: `it is written twice, once as ${written}: remove one`,
      });
    } else if (value !== null && value !== undefined) {
      given.set(setting.name, value);
    }
  }
  return { given, nameOf, findings, warnings: [] };
}

const plain = (name: string): string =>
  name
    .replace(/^KAFKA_/, '')
    .replace(/[_-]/g, '')
    .toLowerCase();
