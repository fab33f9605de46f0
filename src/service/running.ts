import { randomUUID } from 'node:crypto';

import { echoOfInstance, echoOfService } from '../bridge/echo.js';
import { KafkaEventBridge } from '../bridge/kafka-event-bridge.js';
import { Mirror, type MirrorOptions } from '../bridge/mirror.js';
import { JsonCodec } from '../codec/json.js';
import { EventRegistry } from '../event/event-registry.js';
import type { KafkaDriver, TopicDescription } from '../kafka/driver.js';
import { bodyMappings, TopicNames } from '../kafka/topics.js';
import { Publisher } from '../outbound/publisher.js';
import { ProcessorManager } from '../processor/processor-manager.js';
import type { EventBus } from '../bus/event-bus.js';
import { assemble, type ServiceParts } from './assembly.js';
import { lagOfAll } from './caught-up.js';
import { BrokerProbe } from './client/broker-probe.js';
import { ClientTopics } from './client/client-topics.js';
import { KnownTopics } from './client/known-topics.js';
import { MessageConsumers } from './client/message-consumers.js';
import { connect, outboundLimits } from './connection.js';
import { remaining, settlesBefore } from './deadline.js';
import type { HealthMonitor } from './health/health-monitor.js';
import { healthMonitor } from './health/service-health.js';
import type { InMemoryKafka } from './in-memory-kafka.js';
import { inboxRetention, pruneInbox } from './inbox-pruning.js';
import { LagWatch } from './lag-watch.js';
import type { Begun } from './lifecycle.js';
import { ensureTopics } from './topic-plan.js';

/** How much of the deadline of a stop handlers may take; the rest is for sending what they published. */
const HANDLERS_SHARE = 0.75;
/** So that what handlers did by then can still be committed. */
const HANDLERS_MS = 9_000;

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

/** Puts the application together, opens the store and reaches the broker. Nothing is published or read yet. */
export async function connectParts(parts: ServiceParts, begun: Begun): Promise<Running> {
  const { config, notices, bus, store, events, broadcast, resolve } = parts;
  const made = assemble(parts, begun);
  const registry = new EventRegistry(events);
  const names = new TopicNames(config.topicPrefix);
  if (store !== undefined) {
    await store.open();
    begun(() => store.close());
  }
  const { driver, memory, brokerCrash } = await connect(config, names, notices, begun);
  const codec = new JsonCodec();
  const instance = randomUUID();
  const publisher = new Publisher({
    driver,
    codec,
    topics: names,
    registry,
    limits: outboundLimits(config),
    notices,
    instance: broadcast === 'all' ? instance : undefined,
  });
  const mappings = bodyMappings(config.topics, names);
  const mirror = new Mirror({
    ...mirrorGroup(parts, instance),
    driver,
    registry,
    codec,
    topics: names,
    mappings,
    hearingSide: { isHeard: ({ eventClass }) => bus.isHeard(eventClass), hear: (envelope) => bus.hearMirrored(envelope) },
    maxInFlight: config.maxPollRecords,
    drainMs: HANDLERS_MS,
    meters: publisher.meters,
    notices,
  });
  const { groupId: groupPrefix, deliveryTimeoutMs } = config;
  const reading = {
    driver,
    publisher,
    store,
    notices,
    groupPrefix,
    from: config.autoOffsetReset,
    maxInFlight: config.maxPollRecords,
    deliveryTimeoutMs,
    drainMs: HANDLERS_MS,
  };
  const processors = new ProcessorManager({
    ...reading,
    registry,
    codec,
    topics: names,
    mappings,
    bus,
    resolve,
    source: `/${config.serviceName}`,
  });
  for (const processor of made) processors.add(processor);
  for (const [group, topics] of processors.groups) memory?.reserve(group, topics);
  // What is in memory came from here.
  const heard = memory === undefined ? mirror : undefined;
  const bridge = new KafkaEventBridge(bus, publisher, heard);
  const topics = new ClientTopics(config, names, driver.admin);
  const consumers = new MessageConsumers({ ...reading, names, config, topics, processorNames: () => processors.status().keys() });
  return {
    registry,
    names,
    driver,
    memory,
    publisher,
    bus,
    mirror: heard,
    bridge,
    lag: new LagWatch(() => lagOfAll({ processors, bridge })),
    processors,
    health: healthMonitor({ admin: driver.admin, brokerCrash, publisher, bridge, processors, consumers, store }, notices),
    groupPrefix,
    deliveryTimeoutMs,
    topics,
    knownTopics: new KnownTopics(topics),
    consumers,
    probe: new BrokerProbe(driver.admin),
  };
}

/**
 * Which group the mirror reads in, and what it leaves out. One instance of the service hears each foreign event; with
 * `broadcast` every instance has a group of its own, which begins with what comes and is forgotten with the process.
 */
function mirrorGroup(
  { config, broadcast, store }: ServiceParts,
  instance: string,
): Pick<MirrorOptions, 'group' | 'from' | 'store' | 'isEcho'> {
  const group = `${config.groupId}.bridge`;
  const isEcho = broadcast === 'all' ? echoOfInstance(instance) : echoOfService(config.serviceName);
  if (broadcast === undefined) return { group, from: config.autoOffsetReset, store, isEcho };
  return { group: `${group}.${instance}`, from: 'latest', store: undefined, isEcho };
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
