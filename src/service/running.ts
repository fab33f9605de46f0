import type { KafkaEventBridge } from '../bridge/kafka-event-bridge.js';
import type { Mirror } from '../bridge/mirror.js';
import type { EventRegistry } from '../event/event-registry.js';
import type { KafkaDriver, TopicDescription } from '../kafka/driver.js';
import type { TopicNames } from '../kafka/topics.js';
import type { Publisher } from '../outbound/publisher.js';
import type { ProcessorManager } from '../processor/processor-manager.js';
import type { EventBus } from '../bus/event-bus.js';
import type { ServiceParts } from './assembly.js';
import type { BrokerProbe } from './client/broker-probe.js';
import type { ClientTopics } from './client/client-topics.js';
import type { KnownTopics } from './client/known-topics.js';
import type { MessageConsumers } from './client/message-consumers.js';
import { HANDLERS_MS, remaining, settlesBefore } from './deadline.js';
import type { HealthMonitor } from './health/health-monitor.js';
import type { InMemoryKafka } from './in-memory-kafka.js';
import { inboxRetention, pruneInbox } from './inbox-pruning.js';
import type { LagWatch } from './lag-watch.js';
import type { Begun } from './lifecycle.js';
import { ensureTopics } from './topic-plan.js';

/** How much of the deadline of a stop handlers may take; the rest is for sending what they published. */
const HANDLERS_SHARE = 0.75;

/** The parts of a service that is connected. */
export interface Running {
  readonly registry: EventRegistry;
  readonly names: TopicNames;
  readonly driver: KafkaDriver;
  /** What stands in for Kafka where there is none. */
  readonly memory: InMemoryKafka | undefined;
  readonly publisher: Publisher;
  readonly bus: EventBus;
  /** Undefined where nothing comes in. */
  readonly mirror: Mirror | undefined;
  readonly bridge: KafkaEventBridge;
  readonly processors: ProcessorManager;
  readonly health: HealthMonitor;
  readonly groupPrefix: string;
  readonly deliveryTimeoutMs: number;
  readonly topics: ClientTopics;
  readonly knownTopics: KnownTopics;
  readonly consumers: MessageConsumers;
  readonly probe: BrokerProbe;
  readonly lag: LagWatch;
}

/** Sees to the topics, opens the bus and lets the processors read. Resolves to what the topics are like. */
export async function open(running: Running, parts: ServiceParts, begun: Begun): Promise<readonly TopicDescription[]> {
  const { config, notices, store } = parts;
  const { registry, names, driver, memory, publisher, processors, consumers, bridge, health, lag } = running;
  const contracts = registry.contracts().filter(({ direction }) => direction !== 'local');
  const read = new Set(processors.topics);
  const topics = await ensureTopics({ config, names, contracts, read }, driver.admin, notices);
  for (const { topic } of topics) publisher.meters.add(topic);
  const retentionMs = inboxRetention(topics.filter(({ topic }) => read.has(topic)));
  if (store !== undefined && retentionMs !== undefined) begun(pruneInbox(store, retentionMs, notices));
  begun(openBus(running, parts));
  begun(async (deadline) => {
    const drainMs = handlersMs(deadline);
    await Promise.all([processors.stop(drainMs), consumers.stop(drainMs), bridge.stopListening(drainMs)]);
  });
  await Promise.all([processors.start(), bridge.listen()]);
  begun(health.watch());
  begun(lag.watch());
  // Elsewhere what is not handled yet is there after the next start.
  if (memory !== undefined) begun((deadline) => memory.drain(Date.now() + handlersMs(deadline)));
  return topics;
}

function handlersMs(deadline: number): number {
  return Math.min(HANDLERS_MS, remaining(deadline) * HANDLERS_SHARE);
}

/** From here on what is published leaves the process; taken back, nothing is published any more. */
function openBus({ bridge, memory, publisher }: Running, { bus, unlock, notices }: ServiceParts): (deadline: number) => Promise<void> {
  unlock();
  bridge.connect(memory?.outlet(publisher.accept));
  return async (deadline) => {
    const closed = bus.close();
    await bridge.close(remaining(deadline));
    if (await settlesBefore(closed, deadline)) return;
    const message = 'listeners were still at work at the deadline of the stop; nothing waits for them any more';
    notices.raise({ level: 'warn', code: 'CLEANUP_FAILED', message });
  };
}
