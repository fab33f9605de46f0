import { echoOfService } from '../../src/bridge/echo.js';
import { KafkaEventBridge } from '../../src/bridge/kafka-event-bridge.js';
import { Mirror } from '../../src/bridge/mirror.js';
import { EventBus } from '../../src/bus/event-bus.js';
import { JsonCodec } from '../../src/codec/json.js';
import type { EventClass } from '../../src/event/contract.js';
import { EventRegistry } from '../../src/event/event-registry.js';
import type { KafkaDriver } from '../../src/kafka/driver.js';
import { TopicNames } from '../../src/kafka/topics.js';
import { Publisher } from '../../src/outbound/publisher.js';
import { Notices } from '../../src/telemetry/notices.js';

/** What somebody may have got wrong in the composition; the tests have to notice. */
export type Defect = 'no echo filter' | 'outlet on the hearing side';

const DRAIN_MS = 5_000;

/** One process of a service: bus, publisher, bridge and mirror, composed as the service does it. */
export class SimulatedInstance {
  readonly bus: EventBus;
  readonly #bridge: KafkaEventBridge;
  readonly #driver: KafkaDriver;

  constructor(service: string, driver: KafkaDriver, events: readonly EventClass[], defect: Defect | undefined) {
    const notices = new Notices();
    notices.onNotice(() => undefined);
    const topics = new TopicNames();
    const registry = new EventRegistry(events);
    const codec = new JsonCodec();
    const bus = new EventBus({ source: `/${service}`, notices });
    const publisher = new Publisher({ driver, codec, topics, registry, notices });
    const mirror = new Mirror({
      driver,
      group: `${service}.bridge`,
      from: 'earliest',
      store: undefined,
      registry,
      codec,
      topics,
      mappings: new Map(),
      isEcho: echoOfService(defect === 'no echo filter' ? 'nobody' : service),
      hearingSide: {
        isHeard: ({ eventClass }) => bus.isHeard(eventClass),
        hear: async (envelope) => {
          if (defect === 'outlet on the hearing side') await publisher.accept(envelope, Date.now() + 60_000).then(({ safe }) => safe);
          await bus.hearMirrored(envelope);
        },
      },
      maxInFlight: 500,
      drainMs: DRAIN_MS,
      meters: publisher.meters,
      notices,
    });
    this.bus = bus;
    this.#driver = driver;
    this.#bridge = new KafkaEventBridge(bus, publisher, mirror);
    this.#bridge.connect();
  }

  /** Resolves when it hears what others publish. */
  start(): Promise<void> {
    return this.#bridge.listen();
  }

  async stop(): Promise<void> {
    await this.#bridge.stopListening(DRAIN_MS);
    const closed = this.bus.close();
    await this.#bridge.close(DRAIN_MS);
    await closed;
    await this.#driver.close(DRAIN_MS);
  }
}
