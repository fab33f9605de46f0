import { BusbarError } from '../errors.js';
import { partitionFor } from '../kafka/partitioner.js';
import type { Circuit } from './circuit.js';
import type { Entry } from './entry.js';
import { attemptFailed, type Failure, notSent } from './failure.js';
import { Fifo } from './fifo.js';
import { Lane, type LaneParts } from './lane.js';

/** How old (ms) a partition count may become before it is asked for again, beside the sending. As new as what the consumers know. */
const COUNT_AGE_MS = 10_000;
const ASK_AGAIN_MS = 200;
/** For how long (ms) brokers may say that there is no such topic: one that was just created is not known to all of them at once. */
const MISSING_MS = 5_000;

/**
 * Where the records of one topic begin: keeps them in the order of the calls until each is encoded, the number of
 * partitions is known and the room has a place; then each goes to its lane. A record that fails here makes way.
 */
export class TopicIntake {
  readonly #topic: string;
  readonly #parts: Omit<LaneParts, 'onBatch'>;
  readonly #lanes = new Map<number, Lane>();
  readonly #waiting = new Fifo<Entry>();
  #count = 0;
  #countedAt = 0;
  #asking = false;
  /** Why the number of partitions is not known. */
  #trouble: BusbarError | undefined;
  /** Since when every answer was that there is no such topic. */
  #missingSince: number | undefined;
  /** Where records without key go now, before it is taken modulo the count; begins anywhere, so that processes differ. */
  #keyless = Math.floor(Math.random() * 2 ** 20);
  #keylessInARow = 0;

  constructor(topic: string, parts: Omit<LaneParts, 'onBatch'>) {
    this.#topic = topic;
    this.#parts = parts;
  }

  /** As `add`, unless the circuit of the topic is open: then the entry fails at once. */
  offer(entry: Entry): void {
    const refusal = this.#parts.circuit.refusal(entry);
    if (refusal === undefined) this.add(entry);
    else entry.failed(refusal);
  }

  get circuit(): Circuit {
    return this.#parts.circuit;
  }

  add(entry: Entry): void {
    this.#parts.circuit.watch(entry);
    if (!this.#asking && (this.#count === 0 || entry.since - this.#countedAt > COUNT_AGE_MS)) this.#askForCount();
    this.#waiting.push(entry);
    this.advance();
  }

  /** Something has changed: whatever is ready goes on, in order. */
  advance(): void {
    for (let head = this.#waiting.peek(); head !== undefined; head = this.#waiting.peek()) {
      if (!head.settled) {
        if (head.record === undefined || this.#count === 0) return;
        if (!head.inRoom && !this.#enterRoom(head)) return;
        this.#place(head, head.record.key);
      }
      this.#waiting.shift();
    }
  }

  /** The deadline of an entry that has no place yet has passed. */
  expired(entry: Entry): void {
    entry.failed(this.#tooLate(entry));
    this.advance();
  }

  #tooLate(entry: Entry): Failure {
    if (entry.record !== undefined && this.#count > 0) {
      const reason = `the outbound queue stayed full until the deadline of a record for ${this.#topic}`;
      return { code: 'BUFFER_FULL', reason, certainty: 'not-sent', retriable: true };
    }
    const missing = entry.record === undefined ? 'it was not encoded' : `the partitions of ${this.#topic} were not known`;
    const why = this.#trouble === undefined ? '' : `: ${this.#trouble.message}`;
    return {
      code: 'DELIVERY_TIMEOUT',
      reason: `${missing} at the deadline${why}`,
      certainty: 'not-sent',
      retriable: true,
      cause: this.#trouble,
    };
  }

  #enterRoom(head: Entry): boolean {
    return !head.inLine && this.#parts.room.enter(head, () => this.advance());
  }

  #place(entry: Entry, key: Buffer | null): void {
    const partition = key === null ? this.#keylessPartition() : partitionFor(key, this.#count);
    this.#lane(partition).add(entry);
    entry.placed();
  }

  /** Records without key stay together until their batch leaves or is full; the next ones go elsewhere. */
  #keylessPartition(): number {
    if (this.#keylessInARow >= this.#parts.limits.batchRecords) this.#moveOn();
    this.#keylessInARow += 1;
    return this.#keyless % this.#count;
  }

  #moveOn(): void {
    this.#keyless += 1;
    this.#keylessInARow = 0;
  }

  #lane(partition: number): Lane {
    let lane = this.#lanes.get(partition);
    if (lane === undefined) {
      const onBatch = (): void => {
        if (this.#keyless % this.#count === partition) this.#moveOn();
      };
      lane = new Lane(this.#topic, partition, { ...this.#parts, onBatch });
      this.#lanes.set(partition, lane);
    }
    return lane;
  }

  #askForCount(): void {
    this.#asking = true;
    this.#parts.driver.partitions(this.#topic).then(
      (count) => this.#counted(count),
      (error: unknown) => this.#notCounted(error),
    );
  }

  #counted(count: number): void {
    if (this.#count > 0 && count > this.#count) {
      this.#parts.notices.raise({
        level: 'warn',
        code: 'PARTITIONS_ADDED',
        message:
          'the topic has more partitions than before: from now on a key may go to another one, and its order is not kept across the change',
        details: { topic: this.#topic, before: this.#count, now: count },
      });
    }
    this.#asking = false;
    this.#trouble = undefined;
    this.#count = count;
    this.#countedAt = Date.now();
    this.advance();
  }

  #notCounted(error: unknown): void {
    if (this.#count > 0) {
      // The known count still serves, and lanes tell of what is wrong with the broker; asked again after a while.
      this.#asking = false;
      this.#countedAt = Date.now();
      return;
    }
    if (!(error instanceof BusbarError) || !error.retriable) return this.#giveUp(notSent(error));
    this.#missingSince = error.code === 'TOPIC_MISSING' ? (this.#missingSince ?? Date.now()) : undefined;
    if (this.#missingSince !== undefined && Date.now() - this.#missingSince >= MISSING_MS)
      return this.#giveUp({ ...notSent(error), retriable: false });
    this.#trouble = error;
    this.#parts.circuit.troubled(attemptFailed(error));
    setTimeout(() => {
      if (this.#waiting.length > 0) return this.#askForCount();
      this.#asking = false;
      this.#missingSince = undefined;
    }, ASK_AGAIN_MS);
  }

  /** Fails what waits; what comes after it asks anew. */
  #giveUp(failure: Failure): void {
    this.#asking = false;
    this.#missingSince = undefined;
    for (let head = this.#waiting.shift(); head !== undefined; head = this.#waiting.shift()) head.failed(failure);
  }
}
