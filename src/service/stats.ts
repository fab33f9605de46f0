import { EventMeter, type EventStats } from '../bus/event-meters.js';
import type { DeliveryStats } from '../inbound/outcome-tally.js';
import type { Waiting } from '../inbound/waiting.js';
import type { CircuitStats } from '../outbound/circuit.js';
import type { QueueStats } from '../outbound/publisher.js';
import type { ErrorStats } from '../telemetry/last-error.js';
import type { TopicStats as TopicCounts } from '../telemetry/topic-meters.js';
import type { LagReading } from './lag-watch.js';
import type { LifecycleState } from './lifecycle.js';
import type { Running } from './running.js';

/** How far one group is behind. */
export interface LagStats {
  /** Records between its committed offsets and the ends of its topics, whichever process reads them. */
  readonly messages: number;
  /** Age of the oldest record that this process has read and not settled; 0 when there is none that has a time. Now, not as of `asOf`. */
  readonly seconds: number;
  /** When the broker was asked for `messages`, ISO 8601. */
  readonly asOf: string;
}

/** What a processor or the bridge did in this process. */
export interface ReaderStats extends DeliveryStats {
  /** Records that were read and are not settled. */
  readonly queue: number;
  /** Null before the broker has answered for the first time. */
  readonly lag: LagStats | null;
}

/** What a consumer of `client.consume` did. Its messages have no names to count by. */
export type ConsumerStats = Omit<ReaderStats, 'events'>;

/** What this process did on one topic. */
export interface TopicStats extends TopicCounts {
  /** Records that wait for their acknowledgement. */
  readonly queue: QueueStats;
  /** Whether it takes new events. */
  readonly circuit: CircuitStats;
}

/** What has happened in this process, as plain JSON data. Times are ISO 8601, durations ms unless their name says seconds. */
export interface ServiceStats {
  readonly state: LifecycleState;
  /** From when on everything is counted. */
  readonly since: string;
  /** By the name of the event: every registered one. */
  readonly events: Readonly<Record<string, EventStats>>;
  /** By the name of the processor. */
  readonly processors: Readonly<Record<string, ReaderStats>>;
  /** The inbound mirror; null before the service was started, and where nothing comes in. */
  readonly bridge: ReaderStats | null;
  /** By the group of the consumer: those of `client.consume` that were not stopped, each from then on. */
  readonly consumers: Readonly<Record<string, ConsumerStats>>;
  /** By the full name of the topic: every one that the service uses. */
  readonly topics: Readonly<Record<string, TopicStats>>;
  /** Why the lag of a group is older than a few seconds or null; null while the broker answers. */
  readonly lagError: ErrorStats | null;
}

const NO_QUEUE: QueueStats = { records: 0, bytes: 0, oldestMs: 0 };
const UNUSED: CircuitStats = { state: 'closed', openSince: null, refused: 0 };

/** Of a service that has not connected. */
export const NO_STATS: Omit<ServiceStats, 'state' | 'since'> = {
  events: {},
  processors: {},
  bridge: null,
  consumers: {},
  topics: {},
  lagError: null,
};

/** Puts together what the parts have counted. */
export function statsOf(running: Running): Omit<ServiceStats, 'state' | 'since'> {
  const { processors, mirror, consumers, lag } = running;
  const runners = Array.from(processors.status().keys(), (name) => processors.runner(name));
  const reader = (name: string, one: { stats(): DeliveryStats; waiting(): Waiting }): ReaderStats => {
    const waiting = one.waiting();
    return { ...one.stats(), queue: waiting.records, lag: lagStats(lag.latest(name), waiting) };
  };
  return {
    events: eventStats(running),
    processors: Object.fromEntries(runners.map((runner) => [runner.name, reader(runner.name, runner)])),
    bridge: mirror === undefined ? null : reader('bridge', mirror),
    consumers: Object.fromEntries(
      consumers.all().map((consumer) => {
        const { events: _, ...stats } = reader(consumer.group, consumer);
        return [consumer.group, stats];
      }),
    ),
    topics: topicStats(running),
    lagError: lag.error(),
  };
}

function lagStats(reading: LagReading | undefined, { oldest }: Waiting): LagStats | null {
  if (reading === undefined) return null;
  const { partitions, asOf } = reading;
  return {
    messages: partitions.reduce((sum, { lag }) => sum + lag, 0),
    // Kafka's clock, or that of another producer, may be ahead of ours.
    seconds: oldest === undefined ? 0 : Math.max(0, (Date.now() - oldest) / 1000),
    asOf: asOf.toISOString(),
  };
}

function eventStats({ bus, registry }: Running): ServiceStats['events'] {
  const names = new Set(registry.contracts().map(({ name }) => name));
  return { ...Object.fromEntries(Array.from(names, (name) => [name, new EventMeter().stats()])), ...bus.stats() };
}

function topicStats({ publisher }: Running): ServiceStats['topics'] {
  const queues = publisher.queues();
  const circuits = publisher.circuits();
  const topics = Array.from(publisher.meters.stats(), ([topic, counts]) => [
    topic,
    { ...counts, queue: queues.get(topic) ?? NO_QUEUE, circuit: circuits.get(topic) ?? UNUSED },
  ]);
  return Object.fromEntries(topics) as ServiceStats['topics'];
}
