import type { EventBus } from '../bus/event-bus.js';
import type { Handler, Resolve } from '../bus/event-context.js';
import type { Codec } from '../codec/codec.js';
import { BusbarError } from '../errors.js';
import type { Contract } from '../event/contract.js';
import { byName } from '../event/by-name.js';
import { contractOf } from '../event/contract-of.js';
import type { EventRegistry } from '../event/event-registry.js';
import { Delivery } from '../inbound/delivery.js';
import { EventTasks } from '../inbound/event-tasks.js';
import { Inbound, type TopicPartition } from '../inbound/inbound.js';
import { InboxSettler } from '../inbound/inbox-settler.js';
import { OutcomeTally, type OutcomeCounts } from '../inbound/outcomes.js';
import type { Unsettled } from '../inbound/partition-line.js';
import { RecentIds } from '../inbound/recent-ids.js';
import { RecentSettler } from '../inbound/recent-settler.js';
import { DEFAULT_HANDLER_TIMEOUT_MS } from '../inbound/reading-settings.js';
import { RecordReader } from '../inbound/record-reader.js';
import type { Hear, SendStaged, Settler } from '../inbound/settler.js';
import { StagedSender } from '../inbound/staged-sender.js';
import { StartOffsets, type From } from '../inbound/start-offset.js';
import type { GroupMembership, KafkaDriver } from '../kafka/driver.js';
import type { InRecord } from '../kafka/record.js';
import type { BodyMappings, TopicNames } from '../kafka/topics.js';
import type { Publisher } from '../outbound/publisher.js';
import type { Store } from '../store/store.js';
import type { Notices } from '../telemetry/notices.js';
import { handledBy } from './handles.js';
import { lagOf, type PartitionLag } from '../inbound/lag.js';
import { runOnStart } from './on-start.js';
import type { Processor } from './processor.js';
import type { ProcessorSettings } from './processor-options.js';

/** What the processors of one service share. */
export interface ProcessorEnvironment {
  readonly driver: KafkaDriver;
  readonly publisher: Publisher;
  readonly registry: EventRegistry;
  readonly codec: Codec;
  readonly topics: TopicNames;
  readonly mappings: BodyMappings;
  readonly bus: EventBus;
  readonly store: Store | undefined;
  readonly notices: Notices;
  readonly resolve: Resolve;
  /** `/` + service name. */
  readonly source: string;
  /** Prefix of the consumer groups. */
  readonly groupPrefix: string;
  readonly from: From;
  /** Records of one partition that may be in flight. */
  readonly maxInFlight: number;
  readonly deliveryTimeoutMs: number;
  /** How long handlers may go on when a partition is taken away, in ms. */
  readonly drainMs: number;
}

export type ProcessorState = 'stopped' | 'starting' | 'running' | 'stopping' | 'failed';

/** What can be said of a processor from outside. */
export interface ProcessorStatus {
  readonly name: string;
  readonly group: string;
  readonly state: ProcessorState;
  readonly partitions: readonly TopicPartition[];
  readonly outcomes: OutcomeCounts;
  /** Why it is `failed`. */
  readonly error: unknown;
  /** Handlers that did not end in time and still run. */
  readonly stuck: readonly TopicPartition[];
  /** Topics that its staged events cannot be sent to now. */
  readonly unsent: readonly string[];
  /** Of every partition that has one, the first record that was read and is not settled. */
  readonly unsettled: readonly Unsettled[];
  /** How it stands with its group; undefined while it does not read. */
  readonly membership: GroupMembership | undefined;
}

/** So that health shows within ten seconds that nothing moves. */
const DEFAULT_STALLED_AFTER_MS = 8_000;

/** Runs one processor: its consumer group, its inbox, its error policy. */
export class ProcessorRunner {
  readonly name: string;
  readonly group: string;
  readonly topics: readonly string[];
  /** How long nothing may be settled while records wait before the processor counts as stalled, in ms. */
  readonly stalledAfterMs: number;
  readonly #processor: Processor;
  readonly #environment: ProcessorEnvironment;
  readonly #settings: ProcessorSettings;
  readonly #tally = new OutcomeTally();
  readonly #recent = new RecentIds();
  readonly #sender: StagedSender;
  readonly #delivery: Delivery;
  readonly #stuck = new Set<TopicPartition>();
  #inbound: Inbound | undefined;
  /** Starts and stops, one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  #state: ProcessorState = 'stopped';
  #error: unknown;

  constructor(processor: Processor, settings: ProcessorSettings, environment: ProcessorEnvironment) {
    this.#processor = processor;
    this.#settings = settings;
    this.#environment = environment;
    const { publisher, deliveryTimeoutMs, notices, topics, groupPrefix } = environment;
    this.name = settings.name;
    this.stalledAfterMs = settings.stalledAfterMs ?? DEFAULT_STALLED_AFTER_MS;
    this.group = `${groupPrefix}.${settings.name}`;
    this.#sender = new StagedSender({ publisher, deliveryTimeoutMs, notices, processor: this.name });
    const handlers = this.#handlers();
    this.topics = [...new Set([...handlers.keys()].map((contract) => topics.topic(contract.topic)))];
    this.#delivery = this.#newDelivery(handlers);
  }

  /** Resolves when the group is joined. Rejects `ILLEGAL_TRANSITION` when it is not the time to start, or `stop` was called meanwhile. */
  async start(): Promise<void> {
    if (this.#state !== 'stopped' && this.#state !== 'failed') {
      throw new BusbarError('ILLEGAL_TRANSITION', `processor ${this.name} is ${this.#state}: only a stopped or failed one can be started`);
    }
    this.#state = 'starting';
    this.#error = undefined;
    this.#stopping = undefined;
    await this.#inTurn(() => this.#begin());
  }

  /** Stops reading; handlers have `drainMs` to end, the rest is abandoned. Harmless when it is stopped; ends a start that is under way. */
  stop(drainMs = this.#environment.drainMs): Promise<void> {
    if (this.#state === 'starting' || this.#state === 'running') this.#state = 'stopping';
    this.#inbound?.hurry();
    this.#stopping ??= this.#inTurn(() => this.#end(drainMs));
    return this.#stopping;
  }

  async #begin(): Promise<void> {
    try {
      this.#refuseWhenStopped();
      await runOnStart(this.name, this.#processor);
      this.#inbound = this.#newInbound();
      this.#refuseWhenStopped();
      await this.#inbound.start();
      this.#refuseWhenStopped();
      // A record may have failed for good while the group was being joined.
      if (this.#state === 'starting') this.#state = 'running';
    } catch (error) {
      if (this.#state === 'starting') {
        this.#state = 'failed';
        this.#error = error;
      }
      throw error;
    }
  }

  async #end(drainMs: number): Promise<void> {
    const inbound = this.#inbound;
    this.#inbound = undefined;
    try {
      await inbound?.stop(drainMs);
      if (inbound !== undefined) await this.#processor.onStop?.();
    } finally {
      if (this.#state === 'stopping') this.#state = 'stopped';
      this.#stopping = undefined;
    }
  }

  #refuseWhenStopped(): void {
    if (this.#state !== 'stopping') return;
    throw new BusbarError('ILLEGAL_TRANSITION', `processor ${this.name} was stopped while it was starting`);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined); // whoever asked for it is told
    return mine;
  }

  status(): ProcessorStatus {
    return {
      name: this.name,
      group: this.group,
      state: this.#state,
      partitions: this.#inbound?.partitions ?? [],
      outcomes: this.#tally.snapshot(),
      error: this.#error,
      stuck: [...this.#stuck],
      unsent: this.#sender.failing,
      unsettled: this.#inbound?.unsettled ?? [],
      membership: this.#inbound?.membership,
    };
  }

  /** How far the group's committed offsets are behind, for every partition of its topics. */
  lag(): Promise<readonly PartitionLag[]> {
    return lagOf(this.#environment.driver.admin, this.group, this.topics);
  }

  #handlers(): Map<Contract, Handler<object>> {
    const processor = this.#processor as unknown as Record<string | symbol, Handler<object>>;
    const handlers = new Map<Contract, Handler<object>>();
    for (const { eventClass, method } of handledBy(this.#processor.constructor as new () => Processor)) {
      handlers.set(contractOf(eventClass), (event, ctx) => processor[method]?.(event, ctx));
    }
    return handlers;
  }

  #newDelivery(handlers: ReadonlyMap<Contract, Handler<object>>): Delivery {
    const { registry, codec, topics, mappings, notices, publisher, resolve, source, store } = this.#environment;
    const handled = byName([...handlers.keys()]);
    const origin = { group: this.group, processor: this.name };
    const reader = new RecordReader({ wanted: (name) => handled.get(name) ?? [], registry, codec, topics, mappings });
    const tasks = new EventTasks(reader, handlers, {
      ...origin,
      source,
      hasStore: store !== undefined,
      publishes: new Set(this.#settings.publishes),
      encode: (envelope) => publisher.encode(envelope),
      resolve,
      notices,
    });
    return new Delivery({
      taskOf: (record) => tasks.of(record),
      settler: this.#newSettler(),
      policies: this.#settings.onError ?? [],
      handlerTimeoutMs: this.#settings.handlerTimeoutMs ?? DEFAULT_HANDLER_TIMEOUT_MS,
      origin,
      notices,
      deadLetterTopic: (topic) => topics.deadLetter(topic),
      onStuck: (record, ended) => this.#noticeStuck(record, ended),
    });
  }

  #newSettler(): Settler {
    const { store, bus } = this.#environment;
    const send: SendStaged = (record, scope) => this.#sender.send(record, scope);
    const hear: Hear = ({ envelope }) => void bus.hear(envelope);
    return store === undefined
      ? new RecentSettler({ recent: this.#recent, send, hear })
      : new InboxSettler({ group: this.group, store, send, hear });
  }

  #newInbound(): Inbound {
    const { driver, store, from, maxInFlight, drainMs, notices } = this.#environment;
    return new Inbound({
      driver,
      group: this.group,
      topics: this.topics,
      starts: new StartOffsets({ group: this.group, from: this.#settings.from ?? from, driver, store }),
      concurrency: this.#settings.concurrency ?? 1,
      maxInFlight,
      drainMs,
      tally: this.#tally,
      notices,
      handle: (record, scope) => this.#delivery.deliver(record, scope),
      onAssigned: (partitions) => void this.#tell('onPartitionsAssigned', partitions),
      onRevoked: (partitions) => this.#tell('onPartitionsRevoked', partitions),
      onStopped: (error) => this.#fail(error),
    });
  }

  async #tell(hook: 'onPartitionsAssigned' | 'onPartitionsRevoked', partitions: readonly TopicPartition[]): Promise<void> {
    try {
      await this.#processor[hook]?.(partitions);
    } catch (error) {
      const details = { processor: this.name };
      this.#environment.notices.raise({ level: 'error', code: 'HANDLER_FAILED', message: `${hook} failed`, error, details });
    }
  }

  /** Reading ends; what was settled stays settled, the failed record is the next one after a restart. */
  #fail(error: unknown): void {
    if (this.#state === 'failed' || this.#state === 'stopping' || this.#state === 'stopped') return;
    this.#state = 'failed';
    this.#error = error;
    const code = error instanceof BusbarError ? error.code : 'HANDLER_FAILED';
    const message = 'the processor has stopped and reads nothing until it is started again';
    this.#environment.notices.raise({ level: 'error', code, message, error, details: { processor: this.name, group: this.group } });
    this.stop().catch((cause: unknown) => {
      this.#environment.notices.raise({
        level: 'error',
        code,
        message: 'a failed processor did not stop cleanly',
        error: cause,
        details: { processor: this.name },
      });
    });
  }

  #noticeStuck({ topic, partition, offset }: InRecord, ended: Promise<unknown>): void {
    const at: TopicPartition = { topic, partition };
    this.#stuck.add(at);
    const message = 'a handler did not end after it was told to; its partition waits, and no second attempt starts while it runs';
    const details = { processor: this.name, topic, partition, offset };
    this.#environment.notices.raise({ level: 'error', code: 'HANDLER_STUCK', message, details });
    const end = (): void => void this.#stuck.delete(at);
    ended.then(end, end);
  }
}
