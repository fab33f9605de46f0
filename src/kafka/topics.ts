import { BusbarError } from '../errors.js';
import type { TopicSpec } from './driver.js';

const DEAD_LETTER = '.dead-letter';
const DAY_MS = 24 * 60 * 60 * 1000;

/** What the application says of a topic. */
export interface TopicSettings {
  /** Without the prefix. */
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
}

/** Topics that are known without being configured. */
export const DEFAULT_TOPICS: readonly TopicSettings[] = [
  { name: 'debate-events', partitions: 3, retentionMs: 7 * DAY_MS },
  { name: 'decision-events', partitions: 3, retentionMs: 30 * DAY_MS },
  { name: 'evolution-events', partitions: 3, retentionMs: 90 * DAY_MS },
  { name: 'webhook-events', partitions: 3, retentionMs: 7 * DAY_MS },
  { name: 'metrics-events', partitions: 3, retentionMs: 7 * DAY_MS },
];

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
    return name === '' ? allowed(name) : allowed(this.#lead + name);
  }

  /** Where the dead letters of a topic (named as on the broker) go. */
  deadLetter(fullTopic: string): string {
    return allowed(fullTopic + DEAD_LETTER);
  }

  /** The application's name of a topic on the broker; one outside the prefix keeps its name. */
  base(fullTopic: string): string {
    return fullTopic.startsWith(this.#lead) ? fullTopic.slice(this.#lead.length) : fullTopic;
  }
}

/**
 * How a topic is created. At most one of its replicas may be missing for a write to succeed, so that an acknowledged
 * record survives the loss of a broker. `replicationFactor` -1 leaves both to the broker.
 */
export function topicSpec(names: TopicNames, settings: TopicSettings, replicationFactor: number): TopicSpec {
  const configs: Record<string, string> = { 'retention.ms': String(settings.retentionMs) };
  if (replicationFactor > 0) configs['min.insync.replicas'] = String(Math.max(1, replicationFactor - 1));
  return { topic: names.topic(settings.name), partitions: settings.partitions, replicationFactor, configs };
}

/** Kafka's own rule; clients and brokers that do not check it create topics that others cannot read. */
function allowed(name: string): string {
  if (/^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..') return name;
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
  throw new BusbarError('TOPIC_INVALID', `${shown} is no topic name: 1 to 249 of a-z A-Z 0-9 . _ - and neither "." nor ".."`);
}
