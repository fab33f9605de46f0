import { validateSync } from 'class-validator';

import { conflicts, doubts } from './consistency.js';
import { ConfigError, shown, type Finding } from './finding.js';
import type { Layer } from './layer.js';
import { Secret } from './secret.js';
import { settings, type Setting } from './setting.js';
import { Settings } from './settings.js';
import { belongTogether, checkCertificate, checkPrivateKey, outOfDate, readPem, type TlsSettings } from './tls.js';
import { completeTopics, topicProblems } from './topic-settings.js';

export interface Validated {
  readonly values: Settings;
  readonly tls: TlsSettings;
  readonly warnings: readonly string[];
}

/** Lays the layers over each other, the last one on top, and checks the result. Throws `ConfigError` with every finding. */
export function validate(layers: readonly Layer[]): Validated {
  const findings: Finding[] = layers.flatMap((layer) => layer.findings);
  const from = new Map<string, { readonly layer: Layer; readonly given: unknown }>();
  for (const layer of layers) for (const [name, given] of layer.given) from.set(name, { layer, given });

  const base = layers[0];
  const nameOf = (setting: Setting): string => (from.get(setting.name)?.layer ?? base)?.nameOf(setting) ?? setting.name;
  const find = (setting: Setting, allowed: string, fix: string): void => {
    const given = from.get(setting.name)?.given;
    findings.push({ name: nameOf(setting), value: given === undefined ? undefined : shown(given, setting.secret), allowed, fix });
  };

  const { values, wrong } = readValues(new Map([...from].map(([name, { given }]) => [name, given])));
  for (const [setting, allowed] of wrong) find(setting, allowed, setting.fix ?? usualFix(setting));
  const wrongNames = new Set(wrong.map(([{ name }]) => name));
  for (const { setting, allowed, fix } of conflicts(values)) if (!wrongNames.has(setting)) find(declared(setting), allowed, fix);
  const tls = readTls(values, (name, problem) =>
    find(declared(name), `a readable PEM file: ${problem}`, 'name a file that this process may read'),
  );
  if (tls.cert !== undefined && tls.key !== undefined && !belongTogether(tls.cert, tls.key.reveal()))
    find(declared('sslKeyfile'), 'the private key of the certificate of the client', 'name the two files that were made together');

  const topicInputs = layers.filter((layer) => layer.given.has('topics')).map((layer) => ({ layer, input: layer.given.get('topics') }));
  for (const { layer, input } of topicInputs) {
    const name = layer.nameOf(declared('topics'));
    for (const { path, value, allowed } of topicProblems(input)) {
      findings.push({
        name: path === '' ? name : name.replace('topics', `topics.${path}`),
        value: shown(value, false),
        allowed,
        fix: 'correct or remove it',
      });
    }
  }

  const warnings = layers.flatMap((layer) => layer.warnings);
  if (findings.length > 0) {
    throw new ConfigError(
      from.has('bootstrapServers') || values.enabled === false ? 'CONFIG_INVALID' : 'CONFIG_BOOTSTRAP_MISSING',
      findings,
      warnings,
    );
  }
  const outdated = tls.cert === undefined ? undefined : outOfDate(tls.cert);
  if (outdated !== undefined) warnings.push(`${nameOf(declared('sslCertfile'))} ${outdated}: brokers refuse that certificate`);
  for (const { setting, doubt } of doubts(values)) warnings.push(`${nameOf(declared(setting))} ${doubt}`);
  return {
    values: complete(
      values as Settings,
      topicInputs.map(({ input }) => input),
    ),
    tls,
    warnings,
  };
}

/** The given values where they are allowed, and which settings are wrong, each with what is allowed. */
function readValues(given: ReadonlyMap<string, unknown>): { values: Partial<Settings>; wrong: [Setting, string][] } {
  const candidate = new Settings() as Record<keyof Settings, unknown>;
  for (const [name, setting] of settings()) {
    const value = given.get(name);
    candidate[name as keyof Settings] = value === undefined ? setting.default : setting.read(value);
  }
  const wrong = validateSync(candidate, { stopAtFirstError: true }).map(({ property, constraints }): [Setting, string] => [
    declared(property as keyof Settings),
    Object.values(constraints ?? {})[0] ?? '',
  ]);
  for (const [{ name }] of wrong) candidate[name as keyof Settings] = undefined;
  return { values: candidate as Partial<Settings>, wrong };
}

function declared(name: keyof Settings): Setting {
  const setting = settings().get(name);
  if (setting === undefined) throw new TypeError(`${name} is declared without a decorator`);
  return setting;
}

function usualFix(setting: Setting): string {
  const fallback = setting.defaultText ?? (setting.default === undefined ? undefined : String(setting.default));
  return fallback === undefined ? 'correct or remove it' : `correct it, or remove it for the default (${fallback})`;
}

function readTls(values: Partial<Settings>, problem: (setting: keyof Settings, text: string) => void): TlsSettings {
  const read = (setting: 'sslCafile' | 'sslCertfile' | 'sslKeyfile', check: (pem: string) => unknown): string | undefined => {
    const path = values[setting];
    if (path === undefined) return undefined;
    const result = readPem(path, check);
    if ('pem' in result) return result.pem;
    problem(setting, result.problem);
    return undefined;
  };
  const key = read('sslKeyfile', checkPrivateKey);
  return Object.freeze({
    ca: read('sslCafile', checkCertificate),
    cert: read('sslCertfile', checkCertificate),
    key: key === undefined ? undefined : new Secret(key),
  });
}

/** Fills in what defaults to another setting. */
function complete(values: Settings, topicInputs: readonly unknown[]): Settings {
  return {
    ...values,
    bootstrapServers: Object.freeze([...(values.bootstrapServers ?? [])]),
    groupId: values.groupId ?? values.serviceName,
    clientId: values.clientId ?? values.serviceName,
    topics: completeTopics(topicInputs, values.numPartitions),
  };
}
