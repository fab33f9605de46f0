import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import { KafkaConfig, type KafkaSettings } from '../../src/config/kafka-config.js';
import { findingsOf } from '../support/config-errors.js';

const base: KafkaSettings = { serviceName: 'debates', bootstrapServers: 'one:9092' };

function yamlFile(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'busbar-mapping-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'busbar.yaml');
  writeFileSync(path, text);
  return path;
}

it('topics say where the bodies of other producers have their name and data, one name or several', () => {
  const path = yamlFile('topics:\n  orders: { mapping: { name: kind, data: payload } }\n  bills: { mapping: { data: body } }\n');
  const topics = { orders: { partitions: 1 }, 'debate-events': { mapping: { name: ['a', 'b'] } } };
  const config = KafkaConfig.fromFile(path, {}, { ...base, topics });
  expect(config.topics['orders']?.mapping).toEqual({ name: ['kind'], data: 'payload' });
  expect(config.topics['bills']?.mapping).toEqual({ name: ['event_type', 'type'], data: 'body' });
  expect(config.topics['debate-events']?.mapping).toEqual({ name: ['a', 'b'], data: 'data' });
  expect(config.topics['decision-events']?.mapping).toBeUndefined();
});

it.each([
  ['mapping: kind', 'orders.mapping', '"kind" | `name` (a field of the body, or a list of fields) and `data` (a field)'],
  ['mapping: { nam: kind }', 'orders.mapping.nam', '"kind" | only `name` and `data`; did you mean `name`?'],
  ['mapping: { name: [] }', 'orders.mapping.name', '[] | the name of a field, or a list of such names'],
  ['mapping: { name: [kind, 7] }', 'orders.mapping.name', "[ 'kind', 7 ] | the name of a field, or a list"],
  ['mapping: { name: "" }', 'orders.mapping.name', '"" | the name of a field, or a list'],
  ['mapping: { data: [a] }', 'orders.mapping.data', "[ 'a' ] | the name of a field"],
  ['maping: { data: a }', 'orders.maping', "{ data: 'a' } | only `partitions`, `retentionMs` and `mapping`; did you mean `mapping`?"],
])('topics refuse %s, and say what is allowed', (yaml, where, said) => {
  const path = yamlFile(`topics:\n  orders: { ${yaml} }\n`);
  const findings = findingsOf(() => KafkaConfig.fromFile(path, {}, base));
  expect([...findings]).toEqual([[`topics.${where} in ${path}`, expect.stringContaining(said) as string]]);
});
