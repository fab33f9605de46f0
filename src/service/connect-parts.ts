import { randomUUID } from 'node:crypto';

import { KafkaEventBridge } from '../bridge/kafka-event-bridge.js';
import { JsonCodec } from '../codec/json.js';
import { EventRegistry } from '../event/event-registry.js';
import { sourceOf } from '../event/source.js';
import { bodyMappings, TopicNames } from '../kafka/topics.js';
import { Publisher } from '../outbound/publisher.js';
import { ProcessorManager } from '../processor/processor-manager.js';
import { assemble, type ServiceParts } from './assembly.js';
import { lagQuestions } from './caught-up.js';
import { BrokerProbe } from './client/broker-probe.js';
import { ClientTopics } from './client/client-topics.js';
import { KnownTopics } from './client/known-topics.js';
import { MessageConsumers } from './client/message-consumers.js';
import { connect, outboundLimits } from './connection.js';
import { HANDLERS_MS } from './deadline.js';
import { healthMonitor } from './health/service-health.js';
import { mirrorOf } from './inbound-mirror.js';
import { LagWatch } from './lag-watch.js';
import type { Begun } from './lifecycle.js';
import type { Running } from './running.js';

/** Puts the application together, opens the store and reaches the broker. Nothing is published or read yet. */
export async function connectParts(parts: ServiceParts, begun: Begun): Promise<Running> {
  const { config, notices, bus, store, broadcast, resolve } = parts;
  const made = assemble(parts, begun);
  const registry = new EventRegistry(parts.events);
  const names = new TopicNames(config.topicPrefix);
  if (store !== undefined) {
    await store.open();
    begun(() => store.close());
  }
  const { driver, memory, brokerCrash } = await connect(config, names, notices, begun);
  const instance = randomUUID();
  const codec = new JsonCodec();
  const publisher = new Publisher({
    driver,
    codec,
    topics: names,
    registry,
    limits: outboundLimits(config),
    notices,
    instance: broadcast === 'all' ? instance : undefined,
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
  const events = { registry, codec, topics: names, mappings: bodyMappings(config.topics, names) };
  const processors = new ProcessorManager({ ...reading, ...events, bus, resolve, source: sourceOf(config.serviceName) });
  for (const processor of made) processors.add(processor);
  for (const [group, topics] of processors.groups) memory?.reserve(group, topics);
  // What is in memory came from here.
  const mirror = memory === undefined ? mirrorOf(parts, instance, { ...reading, ...events, meters: publisher.meters }) : undefined;
  const bridge = new KafkaEventBridge(bus, publisher, mirror);
  const topics = new ClientTopics(config, names, driver.admin);
  const consumers = new MessageConsumers({ ...reading, names, config, topics, processorNames: () => processors.status().keys() });
  const lag = new LagWatch(() => lagQuestions({ processors, bridge, consumers }));
  return {
    registry,
    names,
    driver,
    memory,
    publisher,
    bus,
    mirror,
    bridge,
    lag,
    processors,
    health: healthMonitor({ admin: driver.admin, brokerCrash, publisher, bridge, processors, consumers, store, lag }, notices),
    groupPrefix,
    deliveryTimeoutMs,
    topics,
    knownTopics: new KnownTopics(topics),
    consumers,
    probe: new BrokerProbe(driver.admin),
  };
}
