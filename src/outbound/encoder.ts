import type { Codec } from '../codec/codec.js';
import { BusbarError } from '../errors.js';
import { contractOfEvent } from '../event/contract-of.js';
import type { Contract } from '../event/contract.js';
import type { Envelope } from '../event/envelope.js';
import type { EventRegistry } from '../event/event-registry.js';
import type { WireRecord } from '../kafka/record.js';
import type { TopicNames } from '../kafka/topics.js';
import { isPromise } from '../maybe-promise.js';
import { toHeaders } from '../kafka/wire/to-headers.js';
import { recordBytes } from './record-size.js';

/** A record in wire form and an upper bound of what it takes on the wire. */
export interface Encoded {
  readonly record: WireRecord;
  readonly bytes: number;
}

export interface EncoderParts {
  readonly codec: Codec;
  readonly topics: TopicNames;
  /** The events that may leave; without it, all. */
  readonly registry?: EventRegistry | undefined;
  readonly maxRecordBytes: number;
  /** Names this process in every record. */
  readonly instance?: string | undefined;
}

/** Turns envelopes into records; answers at once when the codec does. */
export class Encoder {
  readonly #parts: EncoderParts;
  readonly #topics = new Map<Contract, string>();

  constructor(parts: EncoderParts) {
    this.#parts = parts;
  }

  /** The name of its topic on the broker. Throws `TOPIC_INVALID`, and `EVENT_UNKNOWN` for an event that may not leave. */
  topicOf(contract: Contract): string {
    let topic = this.#topics.get(contract);
    if (topic === undefined) {
      this.#refuseUnknown(contract);
      this.#topics.set(contract, (topic = this.#parts.topics.topic(contract.topic)));
    }
    return topic;
  }

  /** Throws or rejects `NOT_AN_EVENT`, `EVENT_UNKNOWN`, `TOO_LARGE`, `EVENT_INVALID` and whatever the codec has to say. */
  encode(envelope: Envelope, contract: Contract = contractOfEvent(envelope.event)): Encoded | Promise<Encoded> {
    const value = this.#parts.codec.encode(contract, contract.toData(envelope.event));
    return isPromise(value)
      ? Promise.resolve(value).then((bytes) => this.#encoded(envelope, contract, bytes))
      : this.#encoded(envelope, contract, value);
  }

  /** Nobody has seen to the topic of such an event: it would wait for one until the deadline. */
  #refuseUnknown({ name, version, eventClass }: Contract): void {
    const { registry } = this.#parts;
    if (registry === undefined || registry.named(name).some((known) => known.eventClass === eventClass)) return;
    throw new BusbarError(
      'EVENT_UNKNOWN',
      `${name} version ${version} is not registered: add ${eventClass.name} to \`events\` of kafkaModule`,
    );
  }

  #encoded(envelope: Envelope, contract: Contract, value: Buffer): Encoded {
    const record: WireRecord = {
      topic: this.topicOf(contract),
      key: envelope.key === undefined ? null : Buffer.from(envelope.key, 'utf8'),
      value,
      headers: toHeaders(envelope, this.#parts.codec.contentType, this.#parts.instance),
      timestamp: Date.now(),
    };
    const bytes = recordBytes(record);
    if (bytes > this.#parts.maxRecordBytes) {
      throw new BusbarError(
        'TOO_LARGE',
        `${envelope.name} ${envelope.id} takes ${bytes} bytes; ${record.topic} takes ${this.#parts.maxRecordBytes}`,
      );
    }
    return { record, bytes };
  }
}
