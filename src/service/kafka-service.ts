import { KafkaEventBridge } from '../bridge/kafka-event-bridge.js';
import type { EventBus } from '../bus/event-bus.js';
import type { Resolve } from '../bus/event-context.js';
import { attachListeners } from '../bus/listens.js';
import { JsonCodec } from '../codec/json.js';
import type { KafkaConfig } from '../config/kafka-config.js';
import { BusbarError } from '../errors.js';
import type { EventClass } from '../event/contract.js';
import { EventRegistry } from '../event/event-registry.js';
import type { OutcomeCounts } from '../inbound/outcomes.js';
import type { KafkaDriver } from '../kafka/driver.js';
import { startEmbeddedKafka } from '../kafka/embedded/embedded-kafka.js';
import { kafkajsDriver } from '../kafka/kafkajs/driver.js';
import { TopicNames } from '../kafka/topics.js';
import { Publisher } from '../outbound/publisher.js';
import { ProcessorManager } from '../processor/processor-manager.js';
import type { PartitionLag } from '../processor/processor-runner.js';
import type { Processor, ProcessorClass } from '../processor/processor.js';
import type { Store } from '../store/store.js';
import { printNotice, type Notices } from '../telemetry/notices.js';
import { driverOptions, outboundLimits } from './connection.js';
import { remaining, settlesBefore } from './deadline.js';
import { inboxRetention, pruneInbox } from './inbox-pruning.js';
import { Lifecycle, type Begun, type LifecycleState } from './lifecycle.js';
import { stopOnSignals } from './signals.js';
import { ensureTopics } from './topic-plan.js';
import { refuse, wiringFindings } from './wiring.js';

export interface StartOptions {
  /** Whether SIGTERM and SIGINT stop the service and then end the process; a second one ends it at once. Default: false. */
  readonly signals?: boolean | undefined;
}

export interface StopOptions {
  /**
   * How long everything under way may take, in ms. Handlers get three quarters of it, and 9,000 at most: a group waits no
   * longer for a member that leaves. Default: 25,000.
   */
  readonly deadlineMs?: number | undefined;
}

/** What has happened so far in this process. */
export interface ServiceStats {
  readonly state: LifecycleState;
  /** By the name of the processor. `delivered` is at any moment the sum of the others. */
  readonly processors: Readonly<Record<string, OutcomeCounts>>;
  /** Events and staged records that wait for their acknowledgement. */
  readonly queued: number;
}

/** What a service is made of. */
export interface ServiceParts {
  readonly config: KafkaConfig;
  /** Lets nothing out before `unlock`. */
  readonly bus: EventBus;
  unlock(): void;
  readonly notices: Notices;
  readonly store: Store | undefined;
  readonly events: readonly EventClass[];
  readonly processors: readonly ProcessorClass[];
  readonly listeners: readonly (new (...args: never[]) => object)[];
  /** Of the container. */
  readonly resolve: Resolve;
}

/** Shorter than the half minute that an orchestrator usually waits before it kills. */
const STOP_DEADLINE_MS = 25_000;
/** How much of the deadline handlers may take; the rest is for sending what they published. */
const HANDLERS_SHARE = 0.75;
/** How long the driver waits when partitions are given back; the group hears nothing from us meanwhile. */
const GIVE_BACK_MS = 10_000;
/** So that what handlers did by then can still be committed. */
const HANDLERS_MS = 9_000;

/**
 * The life of a Busbar application: `start` brings up store, broker, topics, bridge, listeners and processors, `stop`
 * drains them in the opposite order. `created -> starting -> running -> stopping -> stopped`; it starts once.
 */
export class KafkaService {
  readonly #parts: ServiceParts;
  readonly #lifecycle: Lifecycle;
  #publisher: Publisher | undefined;
  #processors: ProcessorManager | undefined;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
    this.#lifecycle = new Lifecycle((error) => {
      parts.notices.raise({
        level: 'error',
        code: 'CLEANUP_FAILED',
        message: 'something could not be closed after a start that failed',
        error,
      });
    });
  }

  get state(): LifecycleState {
    return this.#lifecycle.state;
  }

  /**
   * Resolves when everything runs and every processor has joined its group. A start that fails takes back what it did
   * and rejects with what made it fail: `WIRING_INVALID` with everything that is put together wrongly, before anything
   * connects; `BROKER_UNREACHABLE`, `TOPIC_MISSING`, …; `ILLEGAL_TRANSITION` when it is not the time to start.
   */
  start({ signals = false }: StartOptions = {}): Promise<void> {
    return this.#lifecycle.start(async (begun) => {
      if (signals)
        begun(
          stopOnSignals(
            () => this.stop(),
            (error) => this.#stoppedBadly(error),
          ),
        );
      await this.#bringUp(begun);
    }, STOP_DEADLINE_MS);
  }

  /**
   * Takes no more events, lets handlers end, sends what they published, commits, leaves the groups, closes the store.
   * What is not done by the deadline is cut off: abandoned deliveries come again after the next start, and unsent events
   * reject their `publish`. Harmless when it does not run.
   */
  stop({ deadlineMs = STOP_DEADLINE_MS }: StopOptions = {}): Promise<void> {
    return this.#lifecycle.stop(deadlineMs);
  }

  /** Exact, and computed from nothing but what is counted where it happens. */
  getStats(): ServiceStats {
    const status = [...(this.#processors?.status() ?? [])];
    return {
      state: this.state,
      processors: Object.fromEntries(status.map(([name, { outcomes }]) => [name, outcomes])),
      queued: this.#publisher?.queued().records ?? 0,
    };
  }

  /**
   * How far the committed offsets of every processor are behind the ends of its topics; asks the broker. Rejects
   * `ILLEGAL_TRANSITION` when the service does not run.
   */
  async lag(): Promise<ReadonlyMap<string, readonly PartitionLag[]>> {
    if (this.#processors === undefined || this.state !== 'running') {
      throw new BusbarError('ILLEGAL_TRANSITION', `the service is ${this.state}: only a running one can tell its lag`);
    }
    return this.#processors.lag();
  }

  async #bringUp(begun: Begun): Promise<void> {
    const { config, notices, bus, store, events, resolve } = this.#parts;
    if (config.debug) begun(notices.onNotice((notice) => printNotice(notice, 'info')));
    for (const message of config.warnings) notices.raise({ level: 'warn', code: 'CONFIG_WARNING', message });
    const processors = this.#assemble(begun);
    const registry = new EventRegistry(events);
    const names = new TopicNames(config.topicPrefix);

    if (store !== undefined) {
      await store.open();
      begun(() => store.close());
    }
    const driver = await this.#connect(begun);
    const codec = new JsonCodec();
    const publisher = new Publisher({ driver, codec, topics: names, limits: outboundLimits(config), notices });
    const manager = new ProcessorManager({
      driver,
      publisher,
      registry,
      codec,
      topics: names,
      bus,
      store,
      notices,
      resolve,
      source: `/${config.serviceName}`,
      groupPrefix: config.groupId,
      from: config.autoOffsetReset,
      maxInFlight: config.maxPollRecords,
      deliveryTimeoutMs: config.deliveryTimeoutMs,
      drainMs: HANDLERS_MS,
    });
    const runners = processors.map((processor) => manager.add(processor));
    this.#publisher = publisher;
    this.#processors = manager;

    const contracts = registry.contracts().filter(({ direction }) => direction !== 'local');
    const read = new Set(runners.flatMap(({ topics }) => topics));
    const topics = await ensureTopics({ config, names, contracts, read }, driver.admin, notices);
    const retentionMs = inboxRetention(topics.filter(({ topic }) => read.has(topic)));
    if (store !== undefined && retentionMs !== undefined) begun(pruneInbox(store, retentionMs, notices));
    begun(this.#openBus(publisher));
    await manager.start();
    begun((deadline) => manager.stop(Math.min(HANDLERS_MS, remaining(deadline) * HANDLERS_SHARE)));
  }

  #stoppedBadly(error: unknown): void {
    this.#parts.notices.raise({
      level: 'error',
      code: 'CLEANUP_FAILED',
      message: 'the service was stopped by a signal, and not cleanly',
      error,
    });
  }

  /** From here on what is published leaves the process; taken back, nothing is published any more. */
  #openBus(publisher: Publisher): (deadline: number) => Promise<void> {
    const { bus, unlock, notices } = this.#parts;
    unlock();
    const bridge = new KafkaEventBridge(bus, publisher);
    bridge.connect();
    return async (deadline) => {
      const closed = bus.close();
      await bridge.close(remaining(deadline));
      if (await settlesBefore(closed, deadline)) return;
      const message = 'listeners were still at work at the deadline of the stop; nothing waits for them any more';
      notices.raise({ level: 'warn', code: 'CLEANUP_FAILED', message });
    };
  }

  async #connect(begun: Begun): Promise<KafkaDriver> {
    const { config, notices } = this.#parts;
    let servers = config.bootstrapServers;
    if (config.embedded !== undefined) {
      const broker = await startEmbeddedKafka({ dataDir: config.embedded.dir, notices });
      const forget = broker.onCrash((error) =>
        notices.raise({ level: 'error', code: error.code, message: 'the embedded broker has ended', error }),
      );
      begun(() => broker.stop().finally(forget));
      servers = broker.bootstrap.split(',');
    }
    const driver = kafkajsDriver({ ...driverOptions(config, servers), drainMs: GIVE_BACK_MS }, notices);
    begun((deadline) => driver.close(remaining(deadline)));
    await driver.connect();
    return driver;
  }

  /**
   * Makes the singletons of the container and lets the listeners hear. Throws `WIRING_INVALID` with everything that is
   * put together wrongly.
   */
  #assemble(begun: Begun): Processor[] {
    const { config, bus, events, processors, listeners, resolve } = this.#parts;
    const findings = wiringFindings({ events, processors, topics: config.topics });
    const attempt = <T>(work: () => T, failure: string): T[] => {
      try {
        return [work()];
      } catch (error) {
        findings.push(`${failure}: ${error instanceof Error ? error.message : String(error)}`);
        return [];
      }
    };
    const make = <T>(type: new (...args: never[]) => T): T[] => attempt(() => resolve<T>(type), `${type.name} cannot be made`);
    const made = processors.flatMap((type) => make(type));
    const heard = listeners.flatMap((type) => make(type)).flatMap((one) => attempt(() => attachListeners(bus, one), one.constructor.name));
    for (const detach of heard) begun(detach);
    refuse(findings);
    return made;
  }
}
