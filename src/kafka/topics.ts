import type { BodyMapping } from '../config/body-mapping.js';
import type { TopicSettings } from '../config/topic-settings.js';
import { BusbarError } from '../errors.js';
import type { TopicSpec } from './driver.js';

const DEAD_LETTER = '.dead-letter';

/**
 * Names of topics on the broker: `<prefix>.<topic>` and `<prefix>.<topic>.dead-letter`; without a prefix the topic
 * itself. Every name that Kafka would refuse throws `TOPIC_INVALID`.
 */
export class TopicNames {
  readonly #lead: string;

  constructor(prefix = '') {
    if (prefix !== '') allowed(prefix);
    this.#lead = prefix === '' ? '' : `${prefix}.`;
  }

  /** The name on the broker of a topic of the application. */
  topic(name: string): string {
    // From plain JavaScript anything may come, and `undefined` would make a name.
    return typeof name !== 'string' || name === '' ? refuse(name) : allowed(this.#lead + name);
  }

  /** Where the dead letters of a topic (named as on the broker) go. */
  deadLetter(fullTopic: string): string {
    return allowed(fullTopic + DEAD_LETTER);
  }

  /** Whether a topic on the broker is of this application: it has the prefix. */
  has(fullTopic: string): boolean {
    return fullTopic.startsWith(this.#lead);
  }

  isDeadLetter(fullTopic: string): boolean {
    return fullTopic.endsWith(DEAD_LETTER);
  }

  /** The application's name of a topic on the broker; one outside the prefix keeps its name. */
  base(fullTopic: string): string {
    return fullTopic.startsWith(this.#lead) ? fullTopic.slice(this.#lead.length) : fullTopic;
  }
}

/** Where bodies have their name and data, by topic (named as on the broker), for those that have it where nobody expects it. */
export type BodyMappings = ReadonlyMap<string, BodyMapping>;

export function bodyMappings(topics: Readonly<Record<string, TopicSettings>>, names: TopicNames): BodyMappings {
  return new Map(
    Object.entries(topics).flatMap(([name, { mapping }]) => (mapping === undefined ? [] : [[names.topic(name), mapping] as const])),
  );
}

/** Copies of a topic that is created. */
export interface Copies {
  /** -1: what the broker has as its default. */
  readonly replicationFactor: number;
  /** How many copies must have a record before it counts as written. Default: all but one, so that one may be missing. */
  readonly minInsyncReplicas?: number | undefined;
}

/** How a topic (named as on the broker) is created. */
export function topicSpec(fullTopic: string, { partitions, retentionMs }: TopicSettings, copies: Copies): TopicSpec {
  const { replicationFactor, minInsyncReplicas = Math.max(1, replicationFactor - 1) } = copies;
  const configs: Record<string, string> = { 'retention.ms': String(retentionMs) };
  // Of a factor that only the broker knows, the number that goes with it is the broker's too.
  if (replicationFactor > 0 || copies.minInsyncReplicas !== undefined) configs['min.insync.replicas'] = String(minInsyncReplicas);
  return { topic: fullTopic, partitions, replicationFactor, configs };
}

/** Kafka's own rule; clients and brokers that do not check it create topics that others cannot read. */
function allowed(name: string): string {
  if (/^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..') return name;
  return refuse(name);
}

function refuse(name: unknown): never {
  const shown =
    typeof name === 'string' ? JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name) : `a value of type ${typeof name}`;
  throw new BusbarError('TOPIC_INVALID', `${shown} is no topic name: 1 to 249 of a-z A-Z 0-9 . _ - and neither "." nor ".."`);
}
