import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it, vi } from 'vitest';

import { KafkaConfig } from '../../src/config/kafka-config.js';
import { settings, type Setting } from '../../src/config/setting.js';
import '../../src/config/settings.js';
import { DEFAULT_TOPICS } from '../../src/config/topic-settings.js';

// From the compiled test back to the sources.
const GUIDE = new URL('../../../docs/guide/configuration.md', import.meta.url);

function defaultOf({ required, default: value, defaultText }: Setting): string {
  if (required) return '**required**';
  return defaultText ?? (value === undefined ? 'none' : `\`${String(value)}\``);
}

const settingsTable = (): string =>
  [
    '| environment | file and code | default | allowed | effect |',
    '|---|---|---|---|---|',
    ...[...settings().values()].map(
      (setting) =>
        `| ${setting.variable === undefined ? '' : `\`${setting.variable}\``} | \`${setting.name}\` | ${defaultOf(setting)} | ${setting.allowed} | ${setting.effect} |`,
    ),
  ].join('\n');

const topicsTable = (): string =>
  [
    '| topic | kept for |',
    '|---|---|',
    ...[...DEFAULT_TOPICS].map(([topic, { retentionMs }]) => `| \`${topic}\` | ${retentionMs / 86_400_000} days |`),
  ].join('\n');

it.each([
  ['settings', settingsTable],
  ['topics', topicsTable],
])('the guide says of the %s what the code says (UPDATE_DOCS=1 writes it)', (name, table) => {
  const guide = readFileSync(GUIDE, 'utf8');
  const between = new RegExp(`(<!-- ${name}: [^>]*-->\n)([^]*)(<!-- /${name} -->)`);
  const wanted = `\n${table()}\n\n`;
  if (process.env['UPDATE_DOCS'] === '1')
    writeFileSync(
      GUIDE,
      guide.replace(between, (_, open: string, __, close: string) => open + wanted + close),
    );
  else expect(between.exec(guide)?.[2]).toBe(wanted);
});

const dir = mkdtempSync(join(tmpdir(), 'busbar-guide-'));
afterAll(() => rmSync(dir, { recursive: true }));

it('the file in the guide is a configuration, and code is laid over it as the guide says', () => {
  const [, yaml = ''] = /```yaml\n([^]*?)```/.exec(readFileSync(GUIDE, 'utf8')) ?? [];
  const path = join(dir, 'busbar.yaml');
  writeFileSync(path, yaml);
  vi.stubEnv('KAFKA_SERVICE_NAME', 'from-environment');
  vi.stubEnv('KAFKA_BOOTSTRAP_SERVERS', 'embedded');
  try {
    // #region sources
    const environment = KafkaConfig.fromEnv(); // the KAFKA_ variables of the process
    const file = KafkaConfig.fromFile(path); // a YAML file; the environment wins over it
    const both = KafkaConfig.fromFile(path, process.env, { lingerMs: 5 }); // code wins over both
    const code = KafkaConfig.from({ serviceName: 'debates', bootstrapServers: 'embedded' }); // code alone
    // #endregion
    expect(environment).toMatchObject({ serviceName: 'from-environment', embedded: { dir: undefined } });
    expect(file).toMatchObject({ serviceName: 'from-environment', lingerMs: 0 });
    expect(file.topics).toMatchObject({ orders: { partitions: 12, retentionMs: 604_800_000 }, 'debate-events': { retentionMs: -1 } });
    expect(file.topics['payments']?.mapping).toEqual({ name: ['kind', 'eventKind'], data: 'payload' });
    expect(both).toMatchObject({ serviceName: 'from-environment', lingerMs: 5 });
    expect(code).toMatchObject({ serviceName: 'debates', embedded: { dir: undefined } });
  } finally {
    vi.unstubAllEnvs();
  }
});
