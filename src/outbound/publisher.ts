import type { Accepted, Outlet } from '../bus/outlet.js';
import type { Codec } from '../codec/codec.js';
import { contractOfEvent } from '../event/contract-of.js';
import type { Envelope } from '../event/envelope.js';
import type { EventRegistry } from '../event/event-registry.js';
import type { KafkaDriver } from '../kafka/driver.js';
import type { WireRecord } from '../kafka/record.js';
import type { TopicNames } from '../kafka/topics.js';
import type { Notices } from '../telemetry/notices.js';
import { TopicMeters } from '../telemetry/topic-meters.js';
import { Acceptance } from './acceptance.js';
import { Circuit, type CircuitStats, type Interruption } from './circuit.js';
import { type Encoded, Encoder } from './encoder.js';
import { Entry, type Position, type Receiver } from './entry.js';
import { type Failure, notSent } from './failure.js';
import { OUTBOUND_LIMITS, type OutboundLimits } from './limits.js';
import { recordBytes } from './record-size.js';
import { Room } from './room.js';
import { SendError } from './send-error.js';
import { TopicIntake } from './topic-intake.js';
import { Unsettled } from './unsettled.js';

export interface PublisherParts {
  readonly driver: KafkaDriver;
  readonly codec: Codec;
  readonly topics: TopicNames;
  /** The events that may leave; without it, all. Others are refused: `EVENT_UNKNOWN`. */
  readonly registry?: EventRegistry | undefined;
  /** What differs from `OUTBOUND_LIMITS`. */
  readonly limits?: { readonly [K in keyof OutboundLimits]?: OutboundLimits[K] | undefined } | undefined;
  readonly notices: Notices;
  /** Names this process in every record, so that other instances of its service can tell it apart. */
  readonly instance?: string | undefined;
}

/** What waits for its acknowledgement. */
export interface QueueStats {
  /** Records that somebody waits for. */
  readonly records: number;
  /** What those of them that have their place in the queue may take on the wire: what counts against `KAFKA_BUFFER_MEMORY`. */
  readonly bytes: number;
  /** Since the oldest call. */
  readonly oldestMs: number;
}

const CLOSED: Failure = { code: 'BUS_CLOSED', reason: 'the publisher takes no more records', certainty: 'not-sent', retriable: false };

/**
 * The way out: a bounded queue in front of the driver. Per topic-partition the order on the log is the order of the
 * calls, over retries and whatever each call has to wait for. Every call ends at its deadline; one whose record is with
 * the driver then, which knows more, ends a quarter of a second later at the latest.
 */
export class Publisher {
  /** What is counted by topic; those who read count there, too. */
  readonly meters = new TopicMeters();
  readonly #encoder: Encoder;
  readonly #room: Room;
  readonly #unsettled: Unsettled;
  readonly #intakes = new Map<string, TopicIntake>();
  readonly #laneParts: Omit<ConstructorParameters<typeof TopicIntake>[1], 'meter' | 'circuit'>;
  #closing: Promise<void> | undefined;

  constructor({ driver, codec, topics, registry, limits: given = {}, notices, instance }: PublisherParts) {
    const chosen = Object.entries(given).filter(([, value]) => value !== undefined);
    const limits: OutboundLimits = { ...OUTBOUND_LIMITS, ...(Object.fromEntries(chosen) as Partial<OutboundLimits>) };
    this.#encoder = new Encoder({ codec, topics, registry, maxRecordBytes: limits.maxRecordBytes, instance });
    this.#room = new Room(limits.bufferRecords, limits.bufferBytes);
    this.#unsettled = new Unsettled((entry) => (entry.inRoom ? entry.timedOut() : this.#intake(entry.topic).expired(entry)));
    this.#laneParts = { driver, limits, room: this.#room, notices };
  }

  /** The record that `accept` would send. Throws or rejects `EVENT_UNKNOWN`, `TOO_LARGE`, `EVENT_INVALID`, `NOT_AN_EVENT`. */
  encode(envelope: Envelope): WireRecord | Promise<WireRecord> {
    const encoded = this.#encoder.encode(envelope);
    return encoded instanceof Promise ? encoded.then(({ record }) => record) : encoded.record;
  }

  /**
   * The outlet of the bus. Resolves once the envelope has its place in the queue; rejects with `PublishError`, always
   * `not-sent`: `BUFFER_FULL` when there was no place until the deadline, `CIRCUIT_OPEN`, `EVENT_UNKNOWN`, `TOO_LARGE`, `BUS_CLOSED`, …
   */
  readonly accept: Outlet = (envelope, deadline): Promise<Accepted> => {
    const acceptance = new Acceptance(envelope);
    this.#take(envelope, deadline, acceptance);
    return acceptance.accepted;
  };

  /** Sends a ready-made record through the same queue. Rejects with `SendError`. */
  send(record: WireRecord, deadline: number): Promise<Position> {
    return this.#send(record, deadline, (entry, intake) => intake.offer(entry));
  }

  /** As `send`, for a record that is repeated until it is sent: an open circuit does not refuse it, which would help nobody. */
  sendStaged(record: WireRecord, deadline: number): Promise<Position> {
    return this.#send(record, deadline, (entry, intake) => intake.add(entry));
  }

  #send(record: WireRecord, deadline: number, queue: (entry: Entry, intake: TopicIntake) => void): Promise<Position> {
    return new Promise((resolve, reject) => {
      const receiver: Receiver = {
        placed: () => undefined,
        sent: resolve,
        failed: ({ code, reason, certainty, retriable, cause }) => reject(new SendError(code, reason, { certainty, retriable, cause })),
      };
      if (this.#closing !== undefined) return receiver.failed(CLOSED);
      const bytes = recordBytes(record);
      const entry = this.#entry(record.topic, deadline, receiver);
      entry.encoded(record, bytes);
      queue(entry, this.#intake(record.topic));
    });
  }

  /** Resolves when everything that was accepted before the call has settled, one way or the other. */
  flush(): Promise<void> {
    return this.#unsettled.flush();
  }

  /**
   * Takes no more (`BUS_CLOSED`) and sends what it has, for `deadlineMs` at most; what is left then rejects with
   * `DELIVERY_TIMEOUT`. The driver stays open.
   */
  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#drain(deadlineMs);
    return this.#closing;
  }

  /** Records that somebody waits for, the bytes of those that have their place in the queue, and the age of the oldest call. */
  queued(): QueueStats {
    const { size, oldest } = this.#unsettled;
    return { records: size, bytes: this.#room.bytes, oldestMs: oldest === undefined ? 0 : Math.max(0, Date.now() - oldest) };
  }

  /** The same by topic, for those that have some. */
  queues(): ReadonlyMap<string, QueueStats> {
    const now = Date.now();
    const queues = new Map<string, { records: number; bytes: number; readonly oldestMs: number }>();
    // In the order of the calls: the first of a topic is its oldest.
    this.#unsettled.forEach(({ topic, bytes, since, inRoom }) => {
      let queue = queues.get(topic);
      if (queue === undefined) queues.set(topic, (queue = { records: 0, bytes: 0, oldestMs: Math.max(0, now - since) }));
      queue.records += 1;
      if (inRoom) queue.bytes += bytes;
    });
    return queues;
  }

  /** The circuits of the topics that something was sent to. */
  circuits(): ReadonlyMap<string, CircuitStats> {
    return new Map(Array.from(this.#intakes, ([topic, { circuit }]) => [topic, circuit.stats()]));
  }

  /** The circuits that are not closed. */
  interruptions(): readonly Interruption[] {
    return Array.from(this.#intakes.values(), ({ circuit }) => circuit.interruption()).filter((one) => one !== undefined);
  }

  /** Whether the topic (its full name) takes nothing now. */
  refuses(topic: string): boolean {
    return this.#intakes.get(topic)?.circuit.interruption()?.refuses === true;
  }

  #take(envelope: Envelope, deadline: number, receiver: Receiver): void {
    if (this.#closing !== undefined) return receiver.failed(CLOSED);
    let topic: string;
    let encoded: Encoded | Promise<Encoded>;
    try {
      const contract = contractOfEvent(envelope.event);
      topic = this.#encoder.topicOf(contract);
      encoded = this.#encoder.encode(envelope, contract);
    } catch (error) {
      return receiver.failed(notSent(error));
    }
    const entry = this.#entry(topic, deadline, receiver);
    const intake = this.#intake(topic);
    if (encoded instanceof Promise) this.#encodeLater(entry, intake, encoded);
    else entry.encoded(encoded.record, encoded.bytes);
    intake.offer(entry);
  }

  /** The entry keeps its turn while its codec is at work. */
  #encodeLater(entry: Entry, intake: TopicIntake, encoded: Promise<Encoded>): void {
    encoded.then(
      ({ record, bytes }) => {
        entry.encoded(record, bytes);
        intake.advance();
      },
      (error: unknown) => {
        entry.failed(notSent(error));
        intake.advance();
      },
    );
  }

  #entry(topic: string, deadline: number, receiver: Receiver): Entry {
    const entry = new Entry(topic, deadline, receiver, this.#onSettled);
    this.#unsettled.add(entry);
    return entry;
  }

  readonly #onSettled = (entry: Entry, failure?: Failure): void => {
    if (failure !== undefined) this.#failed(entry, failure);
    this.#unsettled.remove(entry);
    // What is still with the driver keeps its place until the driver lets go of it.
    if (!entry.inFlight) this.#room.leave(entry);
  };

  #failed(entry: Entry, failure: Failure): void {
    // What was refused was no attempt to send; the one that it was refused for is what an operator looks for.
    if (failure.code === 'CIRCUIT_OPEN') return;
    this.meters.of(entry.topic).failed(failure);
    this.#intake(entry.topic).circuit.failed(entry);
  }

  #intake(topic: string): TopicIntake {
    let intake = this.#intakes.get(topic);
    if (intake === undefined) {
      const circuit = new Circuit(topic, this.#laneParts.notices, () => this.#unsettled.oldestOf(topic));
      intake = new TopicIntake(topic, { ...this.#laneParts, meter: this.meters.of(topic), circuit });
      this.#intakes.set(topic, intake);
    }
    return intake;
  }

  async #drain(deadlineMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, deadlineMs)));
    await Promise.race([this.flush(), late]);
    clearTimeout(timer);
    const reason = `the publisher was closed ${deadlineMs} ms before the record could be acknowledged`;
    this.#unsettled.forEach((entry) => entry.failed({ code: 'DELIVERY_TIMEOUT', reason, certainty: 'not-sent', retriable: true }));
  }
}
