import { readFileSync, writeFileSync } from 'node:fs';

import { expect, it } from 'vitest';

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
