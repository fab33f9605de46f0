import { IsInt, IsOptional, Max, Min, ValidateBy, validateSync } from 'class-validator';

import { setting } from './setting.js';

const DAY_MS = 86_400_000;
const NAME = /^[A-Za-z0-9._-]{1,200}$/;

/** How a topic is created. */
export interface TopicSettings {
  readonly partitions: number;
  /** How long records are kept, in ms; -1: for ever. */
  readonly retentionMs: number;
}

/** What file or code may leave out of a topic. */
export type TopicSettingsInit = { readonly [K in keyof TopicSettings]?: TopicSettings[K] | undefined };

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
  @ValidateBy({ name: 'isNotZero', validator: { validate: (value) => value !== 0 } }, { message: RETENTION_ALLOWED })
  readonly retentionMs: unknown;

  constructor(input: Readonly<Record<string, unknown>>) {
    this.partitions = input['partitions'];
    this.retentionMs = input['retentionMs'];
  }
}

const FIELDS = ['partitions', 'retentionMs'];

export interface TopicProblem {
  /** Where, below `topics`, e.g. `orders.partitions`. */
  readonly path: string;
  readonly value: unknown;
  readonly allowed: string;
}

/** Everything that is wrong with `topics` as file or code gave them. */
export function topicProblems(input: unknown): TopicProblem[] {
  if (!isRecord(input)) return [{ path: '', value: input, allowed: 'topic names, each with `partitions` and `retentionMs`' }];
  return Object.entries(input).flatMap(([topic, given]): TopicProblem[] => {
    if (!NAME.test(topic) || topic === '.' || topic === '..')
      return [{ path: topic, value: topic, allowed: 'a name of 1 to 200 letters, digits, `.`, `_` and `-`' }];
    if (topic.endsWith('.dead-letter'))
      return [{ path: topic, value: topic, allowed: 'a name that does not end in `.dead-letter`: those topics come by themselves' }];
    if (given === null || given === undefined) return [];
    if (!isRecord(given)) return [{ path: topic, value: given, allowed: '`partitions` and `retentionMs`' }];
    const unknown = Object.keys(given)
      .filter((field) => !FIELDS.includes(field))
      .map((field) => ({ path: `${topic}.${field}`, value: given[field], allowed: 'only `partitions` and `retentionMs`' }));
    const wrong = validateSync(new TopicInput(given)).map(({ property, value, constraints }) => ({
      path: `${topic}.${property}`,
      value: value as unknown,
      allowed: Object.values(constraints ?? {})[0] ?? '',
    }));
    return [...unknown, ...wrong];
  });
}

/** The default topics and the given ones over them; the inputs have no problems, later ones win. */
export function completeTopics(inputs: readonly unknown[], numPartitions: number): Readonly<Record<string, TopicSettings>> {
  // No prototype: a topic may be called `constructor`.
  const topics = Object.create(null) as Record<string, TopicSettings>;
  for (const [topic, { retentionMs }] of DEFAULT_TOPICS) topics[topic] = Object.freeze({ partitions: numPartitions, retentionMs });
  for (const input of inputs) {
    for (const [topic, given] of Object.entries(input as Record<string, TopicSettingsInit | null>)) {
      const before = topics[topic] ?? { partitions: numPartitions, retentionMs: DEFAULT_RETENTION_MS };
      topics[topic] = Object.freeze({
        partitions: given?.partitions ?? before.partitions,
        retentionMs: given?.retentionMs ?? before.retentionMs,
      });
    }
  }
  return Object.freeze(topics);
}

/** The setting `topics`; what is in it is checked by `topicProblems`. */
export function Topics(about: { readonly effect: string; readonly defaultText: string }): PropertyDecorator {
  const allowed = 'names, each with `partitions` (1 to 10000) and `retentionMs` (from 1, or -1)';
  return setting({ allowed, inEnvironment: false, read: (given) => given }, about, []);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
