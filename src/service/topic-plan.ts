import type { KafkaConfig } from '../config/kafka-config.js';
import type { TopicSettings } from '../config/topic-settings.js';
import { BusbarError } from '../errors.js';
import type { Contract } from '../event/contract.js';
import type { KafkaAdmin, TopicDescription, TopicSpec } from '../kafka/driver.js';
import { topicSpec, type Copies, type TopicNames } from '../kafka/topics.js';
import type { Notices } from '../telemetry/notices.js';

/** Dead letters wait for somebody to look: they are kept for so long at least. */
const DEAD_LETTER_RETENTION_MS = 30 * 24 * 60 * 60 * 1000;

/** Kafka's own default. */
const MAX_BATCH_BYTES = 1_048_588;

/** Beside the record as it came, room for the headers that say what happened. */
const DEAD_LETTER_HEADERS = 65_536;

export interface TopicPlan {
  readonly config: KafkaConfig;
  readonly names: TopicNames;
  /** The events that cross the process. */
  readonly contracts: readonly Contract[];
  /** Full names of the topics that processors read: each needs a dead-letter topic. */
  readonly read: ReadonlySet<string>;
}

/**
 * Sees to it that every topic the application uses is there, dead-letter topics included; those that exist are left as
 * they are. A topic that is made survives the loss of one broker where there are enough of them: as many copies as
 * `REPLICATION_FACTOR` says or min(3, brokers), of which all but one must have a record. Throws `TOPIC_MISSING` when
 * topics may not be created, `CONFIG_INVALID` when the brokers are too few for the settings. A notice says where an
 * acknowledged record may still be lost. Resolves to what is there.
 */
export async function ensureTopics(plan: TopicPlan, admin: KafkaAdmin, notices: Notices): Promise<readonly TopicDescription[]> {
  const { config } = plan;
  const copies = await copiesOf(config, admin);
  const specs = specsOf(plan, copies);
  if (mayCreate(config)) await admin.ensureTopics(specs);
  // How large their dead letters may be follows from what they are like.
  const there = await admin.describeTopics(specs.map(({ topic }) => topic));
  const { found } = await ensureSpecs([...specs, ...deadLetterSpecs(plan, there, copies)], config, admin);
  for (const message of tooSmall(plan, found)) notices.raise({ level: 'warn', code: 'CONFIG_WARNING', message });
  // One copy is all that the embedded broker has, and memory; both are chosen by name.
  if (config.embedded !== undefined || !config.enabled) return found;
  for (const [weakness, topics] of weaknesses(found)) {
    notices.raise({ level: 'warn', code: 'CONFIG_WARNING', message: `${weakness}: ${topics.join(', ')}` });
  }
  return found;
}

/** Creates those of the topics that are missing, where that is allowed. Throws `TOPIC_MISSING` where it is not. */
export async function ensureSpecs(
  specs: readonly TopicSpec[],
  config: KafkaConfig,
  admin: KafkaAdmin,
): Promise<{ readonly found: readonly TopicDescription[]; readonly created: readonly string[] }> {
  const created = mayCreate(config) ? await admin.ensureTopics(specs) : [];
  const found = await admin.describeTopics(specs.map(({ topic }) => topic));
  const missing = specs.filter(({ topic }) => !found.some((one) => one.topic === topic));
  if (missing.length === 0) return { found, created };
  const names = missing.map(({ topic, partitions }) => `${topic} (${partitions} partitions)`).join(', ');
  throw new BusbarError('TOPIC_MISSING', `not on the broker: ${names}; create them, or allow it with KAFKA_CREATE_TOPICS=true`);
}

/** Of the topics in memory nobody else could have made one. */
function mayCreate({ createTopics, enabled }: KafkaConfig): boolean {
  return createTopics || !enabled;
}

/** The copies that topics get which are created here. Throws `CONFIG_INVALID` when the brokers are too few for the settings. */
export async function copiesOf({ replicationFactor, minInsyncReplicas, enabled }: KafkaConfig, admin: KafkaAdmin): Promise<Copies> {
  if (!enabled) return { replicationFactor: 1 };
  const brokers = await admin.brokers();
  const factor = replicationFactor ?? Math.min(3, brokers);
  if (factor > brokers) {
    throw new BusbarError(
      'CONFIG_INVALID',
      `KAFKA_REPLICATION_FACTOR is ${factor} and there are ${brokers} brokers: no topic could be created; choose at most ${brokers}`,
    );
  }
  const inSync = minInsyncReplicas ?? Math.max(1, factor - 1);
  if (inSync > factor) {
    throw new BusbarError(
      'CONFIG_INVALID',
      `KAFKA_MIN_INSYNC_REPLICAS is ${inSync} and topics get ${factor} copies: no record could be acknowledged; choose at most ${factor}`,
    );
  }
  return { replicationFactor: factor, minInsyncReplicas: inSync };
}

function specsOf(plan: TopicPlan, copies: Copies): TopicSpec[] {
  const topics = new Set(plan.contracts.map(({ topic }) => topic));
  return Array.from(topics, (name) => topicSpec(plan.names.topic(name), settingsOf(plan, name), copies));
}

function settingsOf({ config }: TopicPlan, name: string): TopicSettings {
  const settings = config.topics[name];
  if (settings === undefined) throw new TypeError(`topic ${name} is not configured: the wiring was not checked`);
  return settings;
}

function deadLetterSpecs(plan: TopicPlan, there: readonly TopicDescription[], copies: Copies): TopicSpec[] {
  const { names, read } = plan;
  return [...read].map((topic) => {
    const maxBatchBytes = there.find((one) => one.topic === topic)?.maxBatchBytes;
    return deadLetterSpec(names.deadLetter(topic), settingsOf(plan, names.base(topic)), copies, maxBatchBytes);
  });
}

/**
 * How the dead-letter topic of a topic is created: with as many partitions, kept as long as it, or longer, and for records as large as
 * its batches may be.
 */
export function deadLetterSpec(
  deadLetterTopic: string,
  settings: TopicSettings,
  copies: Copies,
  maxBatchBytes = MAX_BATCH_BYTES,
): TopicSpec {
  const retentionMs = settings.retentionMs === -1 ? -1 : Math.max(settings.retentionMs, DEAD_LETTER_RETENTION_MS);
  const spec = topicSpec(deadLetterTopic, { ...settings, retentionMs }, copies);
  return {
    ...spec,
    configs: { ...spec.configs, 'max.message.bytes': String(Math.max(maxBatchBytes, MAX_BATCH_BYTES) + DEAD_LETTER_HEADERS) },
  };
}

/** Those dead-letter topics that were there before, and take less than their topic. */
function tooSmall({ names, read }: TopicPlan, found: readonly TopicDescription[]): string[] {
  const bytes = new Map(found.map(({ topic, maxBatchBytes }) => [topic, maxBatchBytes]));
  return [...read].flatMap((topic) => {
    const deadLetters = names.deadLetter(topic);
    const takes = bytes.get(deadLetters) ?? 0;
    const needed = (bytes.get(topic) ?? 0) + DEAD_LETTER_HEADERS;
    if (takes >= needed) return [];
    return [
      `${deadLetters} takes ${takes} bytes and ${topic} ${bytes.get(topic)}: a large record could not be put aside, and its partition would wait; set max.message.bytes of ${deadLetters} to ${needed}`,
    ];
  });
}

/** The topics of each weakness, so that it is told once. */
function weaknesses(topics: readonly TopicDescription[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const topic of topics) {
    const weakness = weaknessOf(topic);
    if (weakness !== undefined) found.set(weakness, [...(found.get(weakness) ?? []), topic.topic]);
  }
  return found;
}

/** How an acknowledged record could be lost, in words; undefined when it takes more than one broken broker. */
function weaknessOf({ replicationFactor, minInsyncReplicas, uncleanLeaderElection }: TopicDescription): string | undefined {
  if (replicationFactor < 2) return 'topics have one copy, what is acknowledged is lost with its broker';
  if (minInsyncReplicas < 2) return 'min.insync.replicas is 1, what one broker alone acknowledged is lost with it';
  if (uncleanLeaderElection) return 'unclean leader election is on, a broker that missed acknowledged records may become leader';
  return undefined;
}
