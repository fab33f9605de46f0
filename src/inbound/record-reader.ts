import type { Codec } from '../codec/codec.js';
import { DEFAULT_MAPPING, type BodyMapping } from '../config/body-mapping.js';
import type { Stage } from '../dead-letter/dead-letter.js';
import { BusbarError } from '../errors.js';
import type { Contract } from '../event/contract.js';
import { type Envelope, envelopeOf, type EventMetadata } from '../event/envelope.js';
import type { EventRegistry } from '../event/event-registry.js';
import type { InRecord } from '../kafka/record.js';
import type { BodyMappings, TopicNames } from '../kafka/topics.js';
import type { Body } from '../kafka/wire/incoming.js';
import { readRecord } from '../kafka/wire/read-record.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';

/** What a record turned out to be. */
export type Reading =
  | { readonly kind: 'event'; readonly envelope: Envelope; readonly contract: Contract }
  /** Nobody here wants it. */
  | { readonly kind: 'ignored' }
  /** It will be as wrong the next time. `metadata` where it could still be read. */
  | { readonly kind: 'broken'; readonly error: unknown; readonly stage: Stage; readonly metadata: EventMetadata | undefined };

const IGNORED: Reading = { kind: 'ignored' };

/**
 * From bytes to an event, in steps that each may end the way: name -> ignore if nobody here wants it -> decode ->
 * validate. So nothing is decoded, and nothing can fail, for an event that nobody here handles.
 */
export class RecordReader {
  readonly #wanted: readonly Contract[];
  readonly #names: ReadonlySet<string>;
  readonly #registry: EventRegistry;
  readonly #codec: Codec;
  /** Full names of the topics that the events belong on. */
  readonly #topics: ReadonlyMap<Contract, string>;
  readonly #mappings: BodyMappings;

  constructor(wanted: readonly Contract[], registry: EventRegistry, codec: Codec, topics: TopicNames, mappings: BodyMappings) {
    this.#wanted = wanted;
    this.#names = new Set(wanted.map(({ name }) => name));
    this.#registry = registry;
    this.#codec = codec;
    this.#topics = new Map(wanted.map((contract) => [contract, topics.topic(contract.topic)]));
    this.#mappings = mappings;
  }

  /** Never throws and never rejects. */
  read(record: InRecord): MaybePromise<Reading> {
    const mapping = this.#mappings.get(record.topic) ?? DEFAULT_MAPPING;
    const incoming = readRecord(record, mapping);
    if (incoming === undefined) return { kind: 'broken', error: unnameable(record, mapping), stage: 'name', metadata: undefined };
    if (!this.#names.has(incoming.name)) return IGNORED;

    let metadata: EventMetadata | undefined;
    try {
      metadata = incoming.metadata();
      const known = metadata;
      const contract = this.#contractOf(record, known);
      const data = this.#decode(contract, incoming.body());
      if (!isPromise(data)) return toEvent(contract, data, known);
      return Promise.resolve(data).then(
        (decoded) => toEvent(contract, decoded, known),
        (error: unknown) => ({ kind: 'broken', error, stage: 'decode', metadata: known }) as const,
      );
    } catch (error) {
      return { kind: 'broken', error, stage: 'decode', metadata };
    }
  }

  #contractOf({ topic }: InRecord, { name, version }: EventMetadata): Contract {
    const contract = this.#registry.resolve(name, version, this.#wanted);
    if (contract === undefined) {
      const known = this.#wanted.filter((one) => one.name === name).map((one) => one.version);
      throw new BusbarError(
        'VERSION_UNSUPPORTED',
        `${name} version ${version}: this processor reads version ${known.join(', ')}; register a class for it, or give an older one's successor an \`upcast\``,
      );
    }
    const home = this.#topics.get(contract);
    if (home !== topic) throw new BusbarError('EVENT_UNKNOWN', `${name} belongs on topic ${home}, not on ${topic}`);
    return contract;
  }

  #decode(contract: Contract, body: Body): unknown {
    if (body.kind === 'data') return body.data;
    if (!this.#codec.reads(body.contentType)) {
      throw new BusbarError(
        'UNDECODABLE',
        `content type ${JSON.stringify(body.contentType)}: this processor reads ${this.#codec.contentType}`,
      );
    }
    return this.#codec.decode(contract, body.bytes);
  }
}

function toEvent(contract: Contract, data: unknown, metadata: EventMetadata): Reading {
  try {
    const envelope = envelopeOf(contract.fromData(data, metadata.version), metadata);
    return { kind: 'event', envelope, contract };
  } catch (error) {
    return { kind: 'broken', error, stage: 'validate', metadata };
  }
}

function unnameable({ topic, partition, offset }: InRecord, { name }: BodyMapping): BusbarError {
  return new BusbarError(
    'UNNAMEABLE',
    `record ${topic}/${partition}@${offset} has no ce_type header and no field ${name.join(' or ')} in a JSON body: its name cannot be determined`,
  );
}
