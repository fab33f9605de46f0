import type { KafkaDriver } from '../kafka/driver.js';
import type { WireRecord } from '../kafka/record.js';
import type { Notices } from '../telemetry/notices.js';
import type { TopicMeter } from '../telemetry/topic-meters.js';
import type { Circuit } from './circuit.js';
import type { Entry } from './entry.js';
import { attemptFailed, type Failure, produceFailure } from './failure.js';
import { Fifo } from './fifo.js';
import type { OutboundLimits } from './limits.js';
import type { Room } from './room.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

/** Failures that would meet every record of the topic: trying them one by one would find no innocent one. */
const ABOUT_THE_TOPIC: ReadonlySet<string> = new Set(['TOPIC_MISSING', 'TOPIC_INVALID', 'AUTHORIZATION_FAILED', 'AUTHENTICATION_FAILED']);

export interface LaneParts {
  readonly driver: KafkaDriver;
  readonly limits: OutboundLimits;
  readonly room: Room;
  readonly notices: Notices;
  readonly meter: TopicMeter;
  readonly circuit: Circuit;
  /** Told before a batch leaves. */
  readonly onBatch: () => void;
}

/**
 * The way to one topic-partition: one batch at a time, in the order of arrival, also over retries. Idle, it sends at
 * the end of the current turn of the event loop; while a batch is away the next one gathers.
 */
export class Lane {
  readonly #topic: string;
  readonly #partition: number;
  readonly #parts: LaneParts;
  readonly #queue = new Fifo<Entry>();
  /** Batches that have been tried and come before everything in the queue. */
  readonly #again: Entry[][] = [];
  #queuedBytes = 0;
  #batchBytes: number;
  #state: 'idle' | 'lingering' | 'starting' | 'sending' | 'pausing' = 'idle';
  #linger: NodeJS.Timeout | undefined;
  #failures = 0;

  constructor(topic: string, partition: number, parts: LaneParts) {
    this.#topic = topic;
    this.#partition = partition;
    this.#parts = parts;
    this.#batchBytes = parts.limits.batchBytes;
  }

  add(entry: Entry): void {
    this.#queue.push(entry);
    this.#queuedBytes += entry.bytes;
    if (this.#state === 'idle' || (this.#state === 'lingering' && this.#full())) this.#start();
  }

  /** Not at once: what is published in the same turn of the event loop goes into the same batch. */
  #start(): void {
    clearTimeout(this.#linger);
    this.#state = 'starting';
    setImmediate(() => this.#send());
  }

  #send(): void {
    const batch = this.#nextBatch();
    if (batch.length === 0) {
      this.#state = 'idle';
      return;
    }
    this.#state = 'sending';
    this.#parts.onBatch();
    let deadline = 0;
    const records: WireRecord[] = [];
    for (const entry of batch) {
      entry.inFlight = true;
      // The latest one: an earlier deadline ends the waiting of its caller, not the attempt of its neighbours.
      if (entry.deadline > deadline) deadline = entry.deadline;
      records.push(entry.record!);
    }
    const since = performance.now();
    this.#parts.driver
      .produce(this.#topic, this.#partition, records, deadline, (error) => this.#troubled(attemptFailed(error)))
      .then(
        (offset) => {
          this.#parts.meter.sent(records, performance.now() - since);
          this.#succeeded(batch, offset);
        },
        (error: unknown) => this.#failed(batch, produceFailure(error)),
      );
  }

  #nextBatch(): Entry[] {
    for (let tried = this.#again.shift(); tried !== undefined; tried = this.#again.shift()) {
      const alive = tried.filter((entry) => this.#alive(entry));
      if (alive.length > 0) return alive;
    }
    const batch: Entry[] = [];
    let bytes = 0;
    for (
      let entry = this.#queue.peek();
      entry !== undefined && batch.length < this.#parts.limits.batchRecords;
      entry = this.#queue.peek()
    ) {
      if (batch.length > 0 && bytes + entry.bytes > this.#batchBytes) break;
      this.#queue.shift();
      this.#queuedBytes -= entry.bytes;
      if (!this.#alive(entry)) continue;
      bytes += entry.bytes;
      batch.push(entry);
    }
    return batch;
  }

  /** The timer of the deadlines may be a little late; a record that nobody waits for any more must not leave. */
  #alive(entry: Entry): boolean {
    if (!entry.settled && entry.deadline <= Date.now()) entry.timedOut();
    return !entry.settled;
  }

  #succeeded(batch: readonly Entry[], offset: number): void {
    this.#failures = 0;
    batch.forEach((entry, index) => {
      const late = entry.settled;
      // Without acknowledgements the broker tells no offset: all records share the -1.
      entry.sent(this.#partition, offset < 0 ? offset : offset + index);
      if (late) this.#parts.room.leave(entry);
    });
    this.#parts.circuit.acknowledged();
    this.#continue();
  }

  #failed(batch: readonly Entry[], failure: Failure): void {
    this.#troubled(failure);
    const alive = batch.filter((entry) => {
      entry.attemptFailed(failure);
      if (entry.settled) this.#parts.room.leave(entry);
      return !entry.settled;
    });
    if (failure.retriable) {
      this.#retry(alive, failure);
    } else if (alive.length > 1 && failure.certainty === 'not-sent' && !ABOUT_THE_TOPIC.has(failure.code)) {
      this.#split(alive, failure);
    } else {
      for (const entry of alive) entry.failed(failure);
      this.#continue();
    }
  }

  #troubled(failure: Failure): void {
    this.#parts.meter.failed(failure);
    this.#parts.circuit.troubled(failure);
  }

  #retry(alive: readonly Entry[], failure: Failure): void {
    const now = Date.now();
    const rest: Entry[] = [];
    for (const entry of alive) {
      if (entry.deadline <= now) entry.failed(failure);
      else rest.push(entry);
    }
    if (rest.length === 0) return this.#continue();
    this.#again.unshift(rest);
    this.#parts.meter.sentAgain();
    if (this.#failures === 0) {
      this.#parts.notices.raise({
        level: 'warn',
        code: 'SEND_RETRIED',
        message: 'a batch was not acknowledged and is sent again until its deadline',
        error: failure.cause,
        details: { topic: this.#topic, partition: this.#partition, records: rest.length },
      });
    }
    this.#state = 'pausing';
    setTimeout(() => this.#send(), Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS));
    this.#failures = Math.min(this.#failures + 1, 10);
  }

  /** One record may have brought its batch down, or all of them together: halves find out which, in order. */
  #split(alive: Entry[], failure: Failure): void {
    const half = Math.ceil(alive.length / 2);
    this.#again.unshift(alive.slice(0, half), alive.slice(half));
    this.#parts.meter.sentAgain();
    if (failure.code === 'TOO_LARGE') {
      const bytes = alive.reduce((sum, entry) => sum + entry.bytes, 0);
      this.#batchBytes = Math.max(1, Math.min(this.#batchBytes, Math.floor(bytes / 2)));
    }
    this.#start();
  }

  #continue(): void {
    if (this.#again.length > 0) return this.#start();
    const oldest = this.#queue.peek();
    if (oldest === undefined) {
      this.#state = 'idle';
      return;
    }
    const wait = oldest.since + this.#parts.limits.lingerMs - Date.now();
    if (wait <= 0 || this.#full()) return this.#start();
    this.#state = 'lingering';
    this.#linger = setTimeout(() => this.#start(), wait);
  }

  #full(): boolean {
    return this.#queue.length >= this.#parts.limits.batchRecords || this.#queuedBytes >= this.#batchBytes;
  }
}
