import { BusbarError } from '../../errors.js';
import { Delivery } from '../../inbound/delivery.js';
import { Inbound, type BlockedPartition, type TopicPartition } from '../../inbound/inbound.js';
import { OutcomeTally, type DeliveryStats } from '../../inbound/outcome-tally.js';
import type { OutcomeCounts } from '../../inbound/outcomes.js';
import { DEFAULT_HANDLER_TIMEOUT_MS, DEFAULT_STALLED_AFTER_MS } from '../../inbound/reading-settings.js';
import { RecentIds } from '../../inbound/recent-ids.js';
import { RecentSettler } from '../../inbound/recent-settler.js';
import { StagedSender } from '../../inbound/staged-sender.js';
import { StuckHandlers } from '../../inbound/stuck-handlers.js';
import { StartOffsets, type From } from '../../inbound/start-offset.js';
import type { UnsettledRecord } from '../../inbound/unsettled-record.js';
import type { Waiting } from '../../inbound/waiting.js';
import type { GroupMembership, KafkaDriver } from '../../kafka/driver.js';
import type { TopicNames } from '../../kafka/topics.js';
import type { Publisher } from '../../outbound/publisher.js';
import { lagOf, type PartitionLag } from '../../inbound/lag.js';
import type { Store } from '../../store/store.js';
import type { Notices } from '../../telemetry/notices.js';
import type { MessageConsumerOptions } from './consume-options.js';
import type { ConsumerState, MessageConsumer } from './message-consumer.js';
import { MessageTask, type MessageHandler } from './message-task.js';

/** What the consumers of one service share. */
export interface ConsumerEnvironment {
  readonly driver: KafkaDriver;
  readonly publisher: Publisher;
  readonly names: TopicNames;
  readonly store: Store | undefined;
  readonly notices: Notices;
  /** Prefix of the consumer groups. */
  readonly groupPrefix: string;
  readonly from: From;
  /** Messages of one partition that may be in flight. */
  readonly maxInFlight: number;
  readonly deliveryTimeoutMs: number;
  /** How long handlers may go on when a partition is taken away, in ms. */
  readonly drainMs: number;
}

/**
 * Reads topics for `client.consume` and answers for every message as a processor does for its events: retried, put aside or
 * skipped as its policies say, and the offset moves only past settled ones. At least once: a message may come again after a
 * crash or a rebalance, since its handler has no transaction that could remember it. The store remembers only where the
 * group has begun.
 */
export class ConsumerRunner implements MessageConsumer {
  readonly group: string;
  readonly topics: readonly string[];
  /** How long nothing may be settled while messages wait before it counts as stalled, in ms. */
  readonly stalledAfterMs: number;
  readonly #fullGroup: string;
  readonly #environment: ConsumerEnvironment;
  readonly #onEnded: () => void;
  readonly #tally = new OutcomeTally([]); // messages have no names to count by
  readonly #inbound: Inbound;
  readonly #stuck: StuckHandlers;
  #state: ConsumerState = 'starting';
  #error: BusbarError | undefined;
  #joining: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** `onEnded` is called when somebody has stopped it. */
  constructor(options: MessageConsumerOptions, handler: MessageHandler, environment: ConsumerEnvironment, onEnded: () => void) {
    this.#onEnded = onEnded;
    this.group = options.group;
    this.topics = [...new Set(options.topics)];
    this.stalledAfterMs = options.stalledAfterMs ?? DEFAULT_STALLED_AFTER_MS;
    this.#fullGroup = `${environment.groupPrefix}.${options.group}`;
    this.#environment = environment;
    const message =
      'a handler of messages did not end after it was told to; its partition waits, and no second attempt starts while it runs';
    this.#stuck = new StuckHandlers({ details: { consumer: this.group }, message, tally: this.#tally, notices: environment.notices });
    this.#inbound = this.#newInbound(options, this.#newDelivery(options, handler));
  }

  get state(): ConsumerState {
    return this.#state;
  }

  get error(): BusbarError | undefined {
    return this.#error;
  }

  get counts(): OutcomeCounts {
    return this.#tally.snapshot();
  }

  /** Messages whose handlers did not end in time and still run. */
  get stuck(): readonly TopicPartition[] {
    return this.#stuck.places;
  }

  async lag(): Promise<readonly PartitionLag[]> {
    const { names } = this.#environment;
    return (await this.groupLag()).map((lag) => ({ ...lag, topic: names.base(lag.topic) }));
  }

  /** As `lag`, with the full names of the topics. */
  groupLag(): Promise<readonly PartitionLag[]> {
    const { driver, names } = this.#environment;
    const full = this.topics.map((topic) => names.topic(topic));
    return lagOf(driver.admin, this.#fullGroup, full);
  }

  /** What happened to its messages. */
  stats(): DeliveryStats {
    return this.#tally.stats();
  }

  /** What it has read and not settled. */
  waiting(): Waiting {
    return this.#inbound.waiting();
  }

  /** How it stands with its group, and with what it has of it. */
  reading(): {
    readonly group: string;
    readonly membership: GroupMembership | undefined;
    readonly partitions: readonly TopicPartition[];
    readonly unsettled: readonly UnsettledRecord[];
    readonly blocked: readonly BlockedPartition[];
  } {
    const { membership, partitions, unsettled, blocked } = this.#inbound;
    return { group: this.#fullGroup, membership, partitions, unsettled, blocked };
  }

  /** Resolves once the group is joined. */
  async start(): Promise<void> {
    this.#joining = this.#inbound.start();
    await this.#joining;
    if (this.#state === 'starting') this.#state = 'running';
    else throw this.#error ?? new BusbarError('ILLEGAL_TRANSITION', `the consumer ${this.group} was stopped while it joined its group`);
  }

  async stop(): Promise<void> {
    try {
      await this.end(this.#environment.drainMs);
    } finally {
      this.#state = 'stopped';
      this.#onEnded();
    }
  }

  /** As `stop`, with so many ms for the handlers; one that has failed stays `failed`. */
  end(drainMs: number): Promise<void> {
    if (this.#state !== 'failed') this.#state = 'stopping';
    this.#stopping ??= this.#end(drainMs);
    return this.#stopping;
  }

  async #end(drainMs: number): Promise<void> {
    // What joins late has to leave as well; whoever called `start` hears of a failure.
    this.#inbound.hurry();
    await this.#joining?.catch(() => undefined);
    try {
      await this.#inbound.stop(drainMs);
    } finally {
      if (this.#state === 'stopping') this.#state = 'stopped';
    }
  }

  #newDelivery({ onError = [], handlerTimeoutMs = DEFAULT_HANDLER_TIMEOUT_MS }: MessageConsumerOptions, handler: MessageHandler): Delivery {
    const { publisher, deliveryTimeoutMs, names, notices } = this.#environment;
    const sender = new StagedSender({ publisher, deliveryTimeoutMs, notices, processor: this.group, tally: this.#tally });
    return new Delivery({
      taskOf: (record) => new MessageTask(record, names.base(record.topic), handler),
      settler: new RecentSettler({
        recent: new RecentIds(),
        send: (record, scope) => sender.send(record, scope),
        hear: () => undefined, // dead letters are all that is sent
      }),
      policies: onError,
      handlerTimeoutMs,
      origin: { group: this.#fullGroup, processor: this.group },
      tally: this.#tally,
      notices,
      deadLetterTopic: (topic) => names.deadLetter(topic),
      onStuck: (record, ended) => this.#stuck.add(record, ended),
    });
  }

  #newInbound({ from, concurrency = 1 }: MessageConsumerOptions, delivery: Delivery): Inbound {
    const { driver, publisher, store, names, maxInFlight, drainMs, notices } = this.#environment;
    return new Inbound({
      driver,
      group: this.#fullGroup,
      topics: this.topics.map((topic) => names.topic(topic)),
      starts: new StartOffsets({ group: this.#fullGroup, from: from ?? this.#environment.from, driver, store, hasInbox: false, notices }),
      concurrency,
      maxInFlight,
      drainMs,
      tally: this.#tally,
      meters: publisher.meters,
      notices,
      handle: (record, scope, counted) => delivery.deliver(record, scope, counted),
      onAssigned: () => undefined,
      onRevoked: () => undefined,
      onStopped: (error) => this.#fail(error),
    });
  }

  #fail(error: unknown): void {
    if (this.#state !== 'starting' && this.#state !== 'running') return;
    this.#state = 'failed';
    this.#error = error instanceof BusbarError ? error : new BusbarError('HANDLER_FAILED', 'the consumer has stopped', { cause: error });
    const { code } = this.#error;
    this.#tally.failed(error);
    const details = { consumer: this.group, group: this.#fullGroup };
    const { notices } = this.#environment;
    notices.raise({ level: 'error', code, message: 'the consumer has stopped and reads nothing any more', error, details });
    this.end(this.#environment.drainMs).catch((cause: unknown) => {
      notices.raise({ level: 'error', code, message: 'a failed consumer did not stop cleanly', error: cause, details });
    });
  }
}
