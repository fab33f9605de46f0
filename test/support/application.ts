import type { TopicSettings } from '../../src/config/topic-settings.js';
import { EventBus } from '../../src/bus/event-bus.js';
import { KafkaEventBridge } from '../../src/bridge/kafka-event-bridge.js';
import { JsonCodec } from '../../src/codec/json.js';
import { BusbarError } from '../../src/errors.js';
import { contractOf } from '../../src/event/contract-of.js';
import type { EventClass } from '../../src/event/contract.js';
import { EventRegistry } from '../../src/event/event-registry.js';
import type { KafkaDriver } from '../../src/kafka/driver.js';
import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import type { InRecord } from '../../src/kafka/record.js';
import { bodyMappings, TopicNames } from '../../src/kafka/topics.js';
import { Publisher } from '../../src/outbound/publisher.js';
import type { Processor } from '../../src/processor/processor.js';
import { ProcessorManager } from '../../src/processor/processor-manager.js';
import type { Store } from '../../src/store/store.js';
import { Notices, type Notice } from '../../src/telemetry/notices.js';
import { sharedKafka, uniquePrefix } from './kafka.js';

export interface TestApplicationOptions {
  readonly events: readonly EventClass[];
  readonly processors: readonly Processor[];
  readonly store?: Store | undefined;
  /** Of an application that shares topics with another. */
  readonly prefix?: string | undefined;
  readonly bootstrap?: string | undefined;
  readonly service?: string | undefined;
  readonly partitions?: number | undefined;
  /** How topics are read; they are created with `partitions`. */
  readonly topics?: Readonly<Record<string, TopicSettings>> | undefined;
  /** How soon the group gives up a member that was killed. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Stands between the application and its driver. */
  readonly wrapDriver?: ((driver: KafkaDriver) => KafkaDriver) | undefined;
}

/** The parts of a service put together by hand, on a real broker, for tests that look inside. */
export class TestApplication {
  readonly notices: Notice[] = [];

  private constructor(
    readonly prefix: string,
    readonly driver: KafkaDriver,
    readonly bus: EventBus,
    readonly bridge: KafkaEventBridge,
    readonly manager: ProcessorManager,
    readonly topics: TopicNames,
    readonly store: Store | undefined,
  ) {}

  static async start(options: TestApplicationOptions): Promise<TestApplication> {
    const { events, processors, store, prefix = uniquePrefix(), service = 'tests', partitions = 3 } = options;
    const bootstrap = options.bootstrap ?? (await sharedKafka()).bootstrap;
    const notices = new Notices();
    const kafka = kafkajsDriver(
      {
        brokers: bootstrap.split(','),
        clientId: service,
        fetchMaxWaitMs: 50,
        commitIntervalMs: 20,
        sessionTimeoutMs: options.sessionTimeoutMs,
      },
      notices,
    );
    const driver = options.wrapDriver?.(kafka) ?? kafka;
    const topics = new TopicNames(prefix);
    await driver.connect();
    const names = [...new Set(events.map((event) => topics.topic(contractOf(event).topic)))];
    await driver.admin.ensureTopics(
      names
        .flatMap((topic) => [topic, topics.deadLetter(topic)])
        .map((topic) => ({ topic, partitions, replicationFactor: 1, configs: {} })),
    );
    await store?.open();
    const source = `/${service}`;
    const bus = new EventBus({ source, notices });
    const codec = new JsonCodec();
    const publisher = new Publisher({ driver, codec, topics, notices });
    const bridge = new KafkaEventBridge(bus, publisher);
    bridge.connect();
    const manager = new ProcessorManager({
      driver,
      publisher,
      registry: new EventRegistry(events),
      codec,
      topics,
      mappings: bodyMappings(options.topics ?? {}, topics),
      bus,
      store,
      notices,
      resolve: () => {
        throw new BusbarError('WIRING_INVALID', 'this application has no container');
      },
      source,
      groupPrefix: `${prefix}.${service}`,
      from: 'earliest',
      maxInFlight: 500,
      deliveryTimeoutMs: 30_000,
      drainMs: 5_000,
    });
    const application = new TestApplication(prefix, driver, bus, bridge, manager, topics, store);
    notices.onNotice((notice) => application.notices.push(notice));
    for (const processor of processors) manager.add(processor);
    await manager.start();
    return application;
  }

  async stop(): Promise<void> {
    await this.manager.stop();
    await this.bridge.close(5_000);
    await this.driver.close(5_000);
    await this.store?.close();
  }

  /** Counts of one processor; checks promise 2 on the way. */
  outcomes(processor: string) {
    const counts = this.manager.runner(processor).status().outcomes;
    const { delivered, ...others } = counts;
    const sum = Object.values(others).reduce((total, count) => total + count, 0);
    if (delivered !== sum) throw new Error(`delivered ${delivered} is not the sum ${sum} of ${JSON.stringify(others)}`);
    return counts;
  }

  /** Resolves when the committed offsets of a processor have reached the ends of its topics. */
  async caughtUp(processor: string): Promise<void> {
    await until(async () => (await this.manager.runner(processor).lag()).every(({ lag }) => lag === 0));
  }

  /** Everything on a topic (named without the prefix), partition by partition. */
  async records(topic: string): Promise<InRecord[]> {
    const full = this.topics.topic(topic);
    const ends = await this.driver.admin.offsets(full);
    const expected = ends.reduce((sum, { beginning, end }) => sum + end - beginning, 0);
    const records: InRecord[] = [];
    if (expected === 0) return records;
    const subscription = await this.driver.consume({
      group: `${this.prefix}.reader.${uniquePrefix()}`,
      topics: [full],
      start: ({ beginning }) => Promise.resolve(beginning),
      onBatch: (batch) => {
        records.push(...batch.records);
        return Promise.resolve();
      },
      onRevoked: () => Promise.resolve(),
      onStopped: (error) => {
        throw error;
      },
    });
    await until(() => records.length >= expected);
    await subscription.close();
    return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
  }
}

/** Waits for a condition that becomes true by itself; the test's own limit ends the wait. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
