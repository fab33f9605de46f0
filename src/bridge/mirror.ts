import type { Codec } from '../codec/codec.js';
import { BusbarError } from '../errors.js';
import type { Contract } from '../event/contract.js';
import type { EventRegistry } from '../event/event-registry.js';
import { Inbound, type BlockedPartition, type TopicPartition } from '../inbound/inbound.js';
import { lagOf, type PartitionLag } from '../inbound/lag.js';
import { OutcomeTally, type DeliveryStats } from '../inbound/outcome-tally.js';
import type { OutcomeCounts } from '../inbound/outcomes.js';
import type { UnsettledRecord } from '../inbound/unsettled-record.js';
import { Turns } from '../inbound/turns.js';
import { NOTHING_WAITS, type Waiting } from '../inbound/waiting.js';
import { pause } from '../inbound/scope.js';
import { StartOffsets, type From } from '../inbound/start-offset.js';
import type { GroupMembership, KafkaDriver } from '../kafka/driver.js';
import type { BodyMappings, TopicNames } from '../kafka/topics.js';
import type { Store } from '../store/store.js';
import type { Notices } from '../telemetry/notices.js';
import type { TopicMeters } from '../telemetry/topic-meters.js';
import type { IsEcho } from './echo.js';
import { MirrorDelivery, type HearingSide } from './mirror-delivery.js';

export interface MirrorOptions {
  readonly driver: KafkaDriver;
  readonly group: string;
  /** Where the group begins on topics that it has never read. */
  readonly from: From;
  /** Remembers which partitions the group has begun to read. */
  readonly store: Store | undefined;
  readonly registry: EventRegistry;
  readonly codec: Codec;
  readonly topics: TopicNames;
  readonly mappings: BodyMappings;
  readonly isEcho: IsEcho;
  readonly hearingSide: HearingSide;
  /** Records of one partition that may be in flight. */
  readonly maxInFlight: number;
  /** How long listeners may go on when a partition is taken away, in ms. */
  readonly drainMs: number;
  readonly meters: TopicMeters;
  readonly notices: Notices;
}

/** `idle`: nobody listens to an event that comes in, so nothing is read. */
export type MirrorState = 'stopped' | 'idle' | 'starting' | 'hearing' | 'failed';

/** What can be said of the inbound mirror from outside. */
export interface MirrorStatus {
  readonly group: string;
  readonly state: MirrorState;
  /** Full names of the topics that it reads. */
  readonly topics: readonly string[];
  readonly partitions: readonly TopicPartition[];
  /** `handled`: heard. `ignored`: nobody listens, or it went out here. `skipped`: it could not be read. */
  readonly outcomes: OutcomeCounts;
  /** Records that were left out because they went out here; part of `ignored`. */
  readonly echoes: number;
  /** Why it is `failed`. */
  readonly error: unknown;
  /** Of every partition that has one, the first record that was read and is not settled. */
  readonly unsettled: readonly UnsettledRecord[];
  /** Partitions that do not get past a batch which cannot be read. */
  readonly blocked: readonly BlockedPartition[];
  /** How it stands with its group; undefined while it does not read. */
  readonly membership: GroupMembership | undefined;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Kafka to bus: lets listeners hear what others published. It reads the topics of the events that somebody listens to,
 * and begins with another as soon as somebody does. An offset moves when the listeners of its event have ended and what
 * they published is safe. What cannot be read is passed over with a notice: nothing is dead-lettered for a listener.
 */
export class Mirror {
  readonly #options: MirrorOptions;
  readonly #contracts: readonly Contract[];
  readonly #tally: OutcomeTally;
  readonly #delivery: MirrorDelivery;
  #stopping = new AbortController();
  #inbound: Inbound | undefined;
  #topics: readonly string[] = [];
  #state: MirrorState = 'stopped';
  #error: unknown;
  /** Starts, changes of the topics and stops, one after the other. */
  readonly #turns = new Turns();

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#contracts = options.registry.contracts().filter(({ direction }) => direction === 'in' || direction === 'both');
    this.#tally = new OutcomeTally(Array.from(this.#contracts, ({ name }) => name));
    this.#delivery = new MirrorDelivery({ ...options, contracts: this.#contracts, tally: this.#tally });
  }

  /** Reads what is listened to now; resolves once it has joined its group. Rejects as `KafkaDriver.consume`. */
  start(): Promise<void> {
    this.#stopping = new AbortController();
    this.#state = 'idle';
    return this.#turns.take(async () => {
      try {
        await this.#readWhatIsHeard();
      } catch (error) {
        this.#fail(error);
        throw error;
      }
    });
  }

  /** Somebody new listens: what is read may have to grow. What goes wrong is a notice, and is tried again where that may help. */
  listenerAdded(): void {
    if (this.#state === 'stopped' || this.#state === 'failed' || this.#unread().length === 0) return;
    const { signal } = this.#stopping;
    void this.#turns.take(async () => {
      for (let failures = 0; !signal.aborted && !(await this.#grown()); failures++) {
        await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures), signal).catch(() => undefined);
      }
    });
  }

  /** Reads nothing more; listeners have `drainMs` to end, what has not ended by then comes in again later. Harmless when stopped. */
  stop(drainMs: number): Promise<void> {
    this.#stopping.abort();
    this.#inbound?.hurry();
    return this.#turns.take(async () => {
      await this.#leave(drainMs);
      this.#state = 'stopped';
    });
  }

  status(): MirrorStatus {
    return {
      group: this.#options.group,
      state: this.#state,
      topics: this.#topics,
      partitions: this.#inbound?.partitions ?? [],
      outcomes: this.#tally.snapshot(),
      echoes: this.#delivery.echoes,
      error: this.#error,
      unsettled: this.#inbound?.unsettled ?? [],
      blocked: this.#inbound?.blocked ?? [],
      membership: this.#inbound?.membership,
    };
  }

  /** What happened to the records since it was made, whether it hears or not. */
  stats(): DeliveryStats {
    return this.#tally.stats();
  }

  /** What it has read here and not settled. */
  waiting(): Waiting {
    return this.#inbound?.waiting() ?? NOTHING_WAITS;
  }

  /** How far the group's committed offsets are behind, for every partition that it reads; asks the broker. */
  lag(): Promise<readonly PartitionLag[]> {
    return lagOf(this.#options.driver.admin, this.#options.group, this.#topics);
  }

  /** Full names of the topics of which somebody listens to an event and that are not read yet. */
  #unread(): string[] {
    const { topics, hearingSide } = this.#options;
    const heard = this.#contracts.filter((contract) => hearingSide.isHeard(contract)).map(({ topic }) => topics.topic(topic));
    return [...new Set(heard)].filter((topic) => !this.#topics.includes(topic));
  }

  /** Whether nothing is left to do, or nothing can be done. */
  async #grown(): Promise<boolean> {
    try {
      await this.#readWhatIsHeard();
      return true;
    } catch (error) {
      this.#fail(error);
      return !(error instanceof BusbarError && error.retriable);
    }
  }

  async #readWhatIsHeard(): Promise<void> {
    const more = this.#unread();
    if (more.length === 0 && this.#state === 'hearing') return;
    const topics = [...this.#topics, ...more].sort();
    if (topics.length === 0) return;
    await this.#leave(this.#options.drainMs);
    // Joining a group only to leave it could take longer than whoever stops has time.
    if (this.#stopping.signal.aborted) return;
    this.#state = 'starting';
    this.#inbound = this.#newInbound(topics);
    await this.#inbound.start();
    this.#topics = topics;
    // Offsets may have been found lost while the group was being joined.
    if (this.#state === 'starting') this.#state = 'hearing';
  }

  async #leave(drainMs: number): Promise<void> {
    const inbound = this.#inbound;
    this.#inbound = undefined;
    await inbound?.stop(drainMs);
  }

  #newInbound(topics: readonly string[]): Inbound {
    const { driver, group, from, store, maxInFlight, drainMs, meters, notices } = this.#options;
    return new Inbound({
      driver,
      group,
      topics,
      starts: new StartOffsets({ group, from, driver, store, hasInbox: false, notices }),
      concurrency: 1,
      maxInFlight,
      drainMs,
      tally: this.#tally,
      meters,
      notices,
      handle: (record, _scope, delivery) => this.#delivery.deliver(record, delivery),
      onAssigned: () => undefined,
      onRevoked: () => undefined,
      onStopped: (error) => this.#fail(error),
    });
  }

  #fail(error: unknown): void {
    if (this.#state === 'stopped') return;
    this.#state = 'failed';
    this.#error = error;
    this.#tally.failed(error, 'KAFKA_FAILED');
    const code = error instanceof BusbarError ? error.code : 'KAFKA_FAILED';
    const message = 'the bridge reads nothing: listeners do not hear what others publish';
    this.#options.notices.raise({ level: 'error', code, message, error, details: { group: this.#options.group } });
  }
}
