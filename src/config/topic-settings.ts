import { IsInt, IsOptional, Max, Min, ValidateBy, validateSync } from 'class-validator';

import { completeMapping, mappingProblems, type BodyMapping, type BodyMappingInit } from './body-mapping.js';
import { nearest } from './nearest.js';
import { setting } from './setting.js';

const DAY_MS = 86_400_000;
const NAME = /^[A-Za-z0-9._-]{1,200}$/;

/** How a topic is created, and how it is read. */
export interface TopicSettings {
  readonly partitions: number;
  /** How long records are kept, in ms; -1: for ever. */
  readonly retentionMs: number;
  /** Where records that others wrote without CloudEvents headers have their name and data; undefined: where they usually have. */
  readonly mapping?: BodyMapping | undefined;
}

/** What file or code may say of a topic; what it leaves out has a default. */
export interface TopicSettingsInit {
  readonly partitions?: number | undefined;
  readonly retentionMs?: number | undefined;
  readonly mapping?: BodyMappingInit | undefined;
}

/** The topics every application has, without the prefix, and how long they keep their records. */
export const DEFAULT_TOPICS: ReadonlyMap<string, { readonly retentionMs: number }> = new Map([
  ['debate-events', { retentionMs: 7 * DAY_MS }],
  ['decision-events', { retentionMs: 30 * DAY_MS }],
  ['evolution-events', { retentionMs: 90 * DAY_MS }],
  ['webhook-events', { retentionMs: 7 * DAY_MS }],
  ['metrics-events', { retentionMs: 7 * DAY_MS }],
]);

/** What a topic keeps when nobody said: Kafka's own default. */
const DEFAULT_RETENTION_MS = 7 * DAY_MS;

const PARTITIONS_ALLOWED = 'an integer from 1 to 10000';
const RETENTION_ALLOWED = 'an integer from 1 (ms), or -1 for ever';

class TopicInput {
  @IsOptional()
  @IsInt({ message: PARTITIONS_ALLOWED })
  @Min(1, { message: PARTITIONS_ALLOWED })
  @Max(10_000, { message: PARTITIONS_ALLOWED })
  readonly partitions: unknown;

  @IsOptional()
  @IsInt({ message: RETENTION_ALLOWED })
  @Min(-1, { message: RETENTION_ALLOWED })
  @Max(Number.MAX_SAFE_INTEGER, { message: RETENTION_ALLOWED })
  @ValidateBy({ name: 'isNotZero', validator: { validate: (value) => value !== 0 } }, { message: RETENTION_ALLOWED })
  readonly retentionMs: unknown;

  constructor(input: Readonly<Record<string, unknown>>) {
    this.partitions = input['partitions'];
    this.retentionMs = input['retentionMs'];
  }
}

const FIELDS = ['partitions', 'retentionMs', 'mapping'] satisfies (keyof TopicSettings)[];
const ALLOWED = '`partitions`, `retentionMs` and `mapping`';

export interface TopicProblem {
  /** Where, below `topics`, e.g. `orders.partitions`. */
  readonly path: string;
  readonly value: unknown;
  readonly allowed: string;
}

/** Everything that is wrong with `topics` as file or code gave them. */
export function topicProblems(input: unknown): TopicProblem[] {
  if (!isRecord(input)) return [{ path: '', value: input, allowed: `topic names, each with ${ALLOWED}` }];
  return Object.entries(input).flatMap(([topic, given]): TopicProblem[] => {
    if (!NAME.test(topic) || topic === '.' || topic === '..')
      return [{ path: topic, value: topic, allowed: 'a name of 1 to 200 letters, digits, `.`, `_` and `-`' }];
    if (topic.endsWith('.dead-letter'))
      return [{ path: topic, value: topic, allowed: 'a name that does not end in `.dead-letter`: those topics come by themselves' }];
    if (given === null || given === undefined) return [];
    if (!isRecord(given)) return [{ path: topic, value: given, allowed: ALLOWED }];
    const unknown = Object.keys(given)
      .filter((field) => !FIELDS.some((known) => known === field))
      .map((field) => ({ path: `${topic}.${field}`, value: given[field], allowed: onlyFields(field) }));
    const wrong = validateSync(new TopicInput(given)).map(({ property, value, constraints }) => ({
      path: `${topic}.${property}`,
      value: value as unknown,
      allowed: Object.values(constraints ?? {})[0] ?? '',
    }));
    const mapping = mappingProblems(given['mapping']).map(({ part, value, allowed }) => ({
      path: part === undefined ? `${topic}.mapping` : `${topic}.mapping.${part}`,
      value,
      allowed,
    }));
    return [...unknown, ...wrong, ...mapping];
  });
}

/** The default topics and the given ones over them; the inputs have no problems, later ones win. */
export function completeTopics(inputs: readonly unknown[], numPartitions: number): Readonly<Record<string, TopicSettings>> {
  // No prototype: a topic may be called `constructor`.
  const topics = Object.create(null) as Record<string, TopicSettings>;
  for (const [topic, { retentionMs }] of DEFAULT_TOPICS) topics[topic] = Object.freeze({ partitions: numPartitions, retentionMs });
  for (const input of inputs) {
    for (const [topic, given] of Object.entries(input as Record<string, TopicSettingsInit | null>)) {
      const before: TopicSettings = topics[topic] ?? { partitions: numPartitions, retentionMs: DEFAULT_RETENTION_MS };
      topics[topic] = Object.freeze({
        partitions: given?.partitions ?? before.partitions,
        retentionMs: given?.retentionMs ?? before.retentionMs,
        mapping: given?.mapping ? completeMapping(given.mapping) : before.mapping,
      });
    }
  }
  return Object.freeze(topics);
}

/** The setting `topics`; what is in it is checked by `topicProblems`. */
export function Topics(about: { readonly effect: string; readonly defaultText: string }): PropertyDecorator {
  const allowed = 'names, each with `partitions` (1 to 10000), `retentionMs` (from 1, or -1) and `mapping`';
  return setting({ allowed, inEnvironment: false, read: (given) => given }, about, []);
}

function onlyFields(given: string): string {
  const meant = nearest(given, FIELDS);
  return `only ${ALLOWED}${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
