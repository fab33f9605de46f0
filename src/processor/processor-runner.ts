import { BusbarError } from '../errors.js';
import type { Contract } from '../event/contract.js';
import type { Delivery } from '../inbound/delivery.js';
import { Inbound, type TopicPartition } from '../inbound/inbound.js';
import { DEFAULT_STALLED_AFTER_MS } from '../inbound/reading-settings.js';
import { Turns } from '../inbound/turns.js';
import { NOTHING_WAITS, type Waiting } from '../inbound/waiting.js';
import { OutcomeTally, type DeliveryStats } from '../inbound/outcome-tally.js';
import { lagOf, type PartitionLag } from '../inbound/lag.js';
import { StagedSender } from '../inbound/staged-sender.js';
import { StuckHandlers } from '../inbound/stuck-handlers.js';
import { StartOffsets } from '../inbound/start-offset.js';
import type { InRecord } from '../kafka/record.js';
import { runOnStart } from './on-start.js';
import { deliveryOf, handlersOf } from './processor-delivery.js';
import type { ProcessorEnvironment } from './processor-environment.js';
import type { ProcessorSettings } from './processor-options.js';
import type { ProcessorState, ProcessorStatus } from './processor-status.js';
import type { Processor } from './processor.js';

/** Runs one processor: its consumer group, its inbox, its error policy. */
export class ProcessorRunner {
  readonly name: string;
  readonly group: string;
  readonly topics: readonly string[];
  readonly settings: ProcessorSettings;
  /** The events that it handles. */
  readonly handles: readonly Contract[];
  /** How long nothing may be settled while records wait before the processor counts as stalled, in ms. */
  readonly stalledAfterMs: number;
  readonly #processor: Processor;
  readonly #environment: ProcessorEnvironment;
  readonly #tally: OutcomeTally;
  readonly #sender: StagedSender;
  readonly #delivery: Delivery;
  readonly #stuck: StuckHandlers;
  #inbound: Inbound | undefined;
  /** Starts and stops, one after the other. */
  readonly #turns = new Turns();
  #stopping: Promise<void> | undefined;
  /** The latest pause. */
  #pausing: Promise<void> = Promise.resolve();
  #state: ProcessorState = 'stopped';
  #error: unknown;

  constructor(processor: Processor, settings: ProcessorSettings, environment: ProcessorEnvironment) {
    this.#processor = processor;
    this.settings = settings;
    this.#environment = environment;
    const { publisher, deliveryTimeoutMs, notices, topics, groupPrefix } = environment;
    this.name = settings.name;
    this.stalledAfterMs = settings.stalledAfterMs ?? DEFAULT_STALLED_AFTER_MS;
    this.group = `${groupPrefix}.${settings.name}`;
    const handlers = handlersOf(processor);
    this.handles = [...handlers.keys()];
    this.topics = [...new Set(this.handles.map((contract) => topics.topic(contract.topic)))];
    this.#tally = new OutcomeTally(this.handles.map(({ name }) => name));
    this.#sender = new StagedSender({ publisher, deliveryTimeoutMs, notices, processor: this.name, tally: this.#tally });
    const message = 'a handler did not end after it was told to; its partition waits, and no second attempt starts while it runs';
    this.#stuck = new StuckHandlers({ details: { processor: this.name }, message, tally: this.#tally, notices });
    const onStuck = (record: InRecord, ended: Promise<unknown>): void => this.#stuck.add(record, ended);
    this.#delivery = deliveryOf({ handlers, group: this.group, settings, sender: this.#sender, tally: this.#tally, onStuck }, environment);
  }

  /** Resolves when the group is joined. Rejects `ILLEGAL_TRANSITION` when it is not the time to start, or `stop` was called meanwhile. */
  async start(): Promise<void> {
    if (this.#state !== 'stopped' && this.#state !== 'failed') {
      throw new BusbarError('ILLEGAL_TRANSITION', `processor ${this.name} is ${this.#state}: only a stopped or failed one can be started`);
    }
    this.#state = 'starting';
    this.#error = undefined;
    this.#stopping = undefined;
    await this.#turns.take(() => this.#begin());
  }

  /** Stops reading; handlers have `drainMs` to end, the rest is abandoned. Harmless when it is stopped; ends a start that is under way. */
  stop(drainMs = this.#environment.drainMs): Promise<void> {
    if (this.#state !== 'stopped' && this.#state !== 'failed') this.#state = 'stopping';
    this.#inbound?.hurry();
    this.#stopping ??= this.#turns.take(() => this.#end(drainMs));
    return this.#stopping;
  }

  /**
   * Begins nothing new and keeps its place in the group. Resolves when what had begun has ended and the offsets are
   * committed; after `drainMs` at the latest, and what goes on then is in the notice `PROCESSOR_PAUSED`. Harmless when it
   * is paused. Rejects `ILLEGAL_TRANSITION` when it does not run, or was resumed or stopped before it had paused.
   */
  async pause(): Promise<void> {
    if (this.#state === 'paused') return;
    const inbound = this.#reading('pause');
    if (this.#state !== 'pausing') {
      this.#state = 'pausing';
      const pausing: Promise<void> = this.#rest(inbound, () => this.#state === 'pausing' && this.#pausing === pausing);
      this.#pausing = pausing;
    }
    await this.#pausing;
  }

  /** Goes on at the first unsettled record. Harmless when it is not paused. Throws `ILLEGAL_TRANSITION` when it does not run. */
  resume(): void {
    const inbound = this.#reading('resume');
    if (this.#state === 'running') return;
    this.#state = 'running';
    inbound.resume();
    this.#tellPause('info', 'PROCESSOR_RESUMED', 'it goes on at its first unsettled records');
  }

  async #rest(inbound: Inbound, isWanted: () => boolean): Promise<void> {
    const left = await inbound.pause(this.#environment.drainMs);
    if (!isWanted()) {
      throw new BusbarError('ILLEGAL_TRANSITION', `processor ${this.name} is ${this.#state}: that was asked for before it had paused`);
    }
    this.#state = 'paused';
    if (left.length === 0) return this.#tellPause('info', 'PROCESSOR_PAUSED', 'it begins nothing until it is resumed');
    const places = left.map(({ topic, partition, offset }) => `${topic}/${partition}@${offset}`).join(', ');
    this.#tellPause('warn', 'PROCESSOR_PAUSED', `it begins nothing until it is resumed; this has not ended in time and goes on: ${places}`);
  }

  #tellPause(level: 'info' | 'warn', code: 'PROCESSOR_PAUSED' | 'PROCESSOR_RESUMED', message: string): void {
    this.#environment.notices.raise({ level, code, message, details: { processor: this.name } });
  }

  /** What reads for it, while it runs or is paused. */
  #reading(asked: 'pause' | 'resume'): Inbound {
    const inbound = this.#inbound;
    const reads = this.#state === 'running' || this.#state === 'pausing' || this.#state === 'paused';
    if (reads && inbound !== undefined) return inbound;
    const { name } = this;
    const instead = this.#state === 'starting' ? 'wait until it runs' : `service.processors.restart('${name}') starts it`;
    throw new BusbarError('ILLEGAL_TRANSITION', `processor ${name} is ${this.#state}: only one that runs can ${asked}; ${instead}`);
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

  status(): ProcessorStatus {
    return {
      name: this.name,
      group: this.group,
      state: this.#state,
      partitions: this.#inbound?.partitions ?? [],
      outcomes: this.#tally.snapshot(),
      error: this.#error,
      stuck: this.#stuck.places,
      unsent: this.#sender.failing,
      unsettled: this.#inbound?.unsettled ?? [],
      blocked: this.#inbound?.blocked ?? [],
      membership: this.#inbound?.membership,
    };
  }

  /** What happened to its records since it was made, whether it runs or not. */
  stats(): DeliveryStats {
    return this.#tally.stats();
  }

  /** What it has read here and not settled. */
  waiting(): Waiting {
    return this.#inbound?.waiting() ?? NOTHING_WAITS;
  }

  /** How far the group's committed offsets are behind, for every partition of its topics. */
  lag(): Promise<readonly PartitionLag[]> {
    return lagOf(this.#environment.driver.admin, this.group, this.topics);
  }

  #newInbound(): Inbound {
    const { driver, publisher, store, from, maxInFlight, drainMs, notices } = this.#environment;
    const hasInbox = store !== undefined;
    return new Inbound({
      driver,
      group: this.group,
      topics: this.topics,
      starts: new StartOffsets({ group: this.group, from: this.settings.from ?? from, driver, store, hasInbox, notices }),
      concurrency: this.settings.concurrency ?? 1,
      maxInFlight,
      drainMs,
      tally: this.#tally,
      meters: publisher.meters,
      notices,
      handle: (record, scope, delivery) => this.#delivery.deliver(record, scope, delivery),
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
      this.#tally.failed(error);
      this.#environment.notices.raise({ level: 'error', code: 'HANDLER_FAILED', message: `${hook} failed`, error, details });
    }
  }

  /** Reading ends; what was settled stays settled, the failed record is the next one after a restart. */
  #fail(error: unknown): void {
    if (this.#state === 'failed' || this.#state === 'stopping' || this.#state === 'stopped') return;
    this.#state = 'failed';
    this.#error = error;
    this.#tally.failed(error);
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
}
