import type { Codec } from '../codec/codec.js';
import { DEFAULT_MAPPING, type BodyMapping } from '../config/body-mapping.js';
import type { Stage } from '../dead-letter/dead-letter.js';
import { BusbarError } from '../errors.js';
import { markCameIn } from '../event/came-in.js';
import type { Contract } from '../event/contract.js';
import { type Envelope, envelopeOf, type EventMetadata } from '../event/envelope.js';
import type { EventRegistry } from '../event/event-registry.js';
import type { InRecord } from '../kafka/record.js';
import type { BodyMappings, TopicNames } from '../kafka/topics.js';
import type { Body, Incoming } from '../kafka/wire/incoming.js';
import { readRecord } from '../kafka/wire/read-record.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { CountedDelivery } from './outcome-tally.js';

/** What a record turned out to be. */
export type Reading =
  | { readonly kind: 'event'; readonly envelope: Envelope; readonly contract: Contract }
  /** Nobody here wants it. */
  | { readonly kind: 'ignored' }
  /** It will be as wrong the next time. `metadata` where it could still be read. */
  | { readonly kind: 'broken'; readonly error: unknown; readonly stage: Stage; readonly metadata: EventMetadata | undefined };

export interface RecordReaderOptions {
  /** The contracts of this name that somebody here wants; none: its records are ignored. */
  wanted(name: string): readonly Contract[];
  /** Whether a record with a wanted name is wanted; asked before it is decoded. May throw `UNDECODABLE`. Default: all are. */
  readonly admits?: ((incoming: Incoming) => boolean) | undefined;
  readonly registry: EventRegistry;
  readonly codec: Codec;
  readonly topics: TopicNames;
  readonly mappings: BodyMappings;
}

const IGNORED: Reading = { kind: 'ignored' };

/**
 * From bytes to an event, in steps that each may end the way: name -> ignore if nobody here wants it -> decode ->
 * validate. So nothing is decoded, and nothing can fail, for an event that nobody here handles.
 */
export class RecordReader {
  readonly #options: RecordReaderOptions;
  /** Full names of the topics that the events belong on. */
  readonly #homes = new Map<Contract, string>();

  constructor(options: RecordReaderOptions) {
    this.#options = options;
  }

  /** Never throws and never rejects. Says which event it is before it returns. */
  read(record: InRecord, delivery: CountedDelivery): MaybePromise<Reading> {
    const mapping = this.#options.mappings.get(record.topic) ?? DEFAULT_MAPPING;
    const incoming = readRecord(record, mapping);
    if (incoming === undefined) return { kind: 'broken', error: unnameable(record, mapping), stage: 'name', metadata: undefined };
    const wanted = this.#options.wanted(incoming.name);
    if (wanted.length === 0) return IGNORED;
    delivery.isOf(incoming.name);

    let metadata: EventMetadata | undefined;
    try {
      if (this.#options.admits?.(incoming) === false) return IGNORED;
      metadata = incoming.metadata();
      const known = metadata;
      const contract = this.#contractOf(record, known, wanted);
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

  #contractOf({ topic }: InRecord, { name, version }: EventMetadata, wanted: readonly Contract[]): Contract {
    const contract = this.#options.registry.resolve(name, version, wanted);
    if (contract === undefined) {
      const known = wanted.map((one) => one.version);
      throw new BusbarError(
        'VERSION_UNSUPPORTED',
        `${name} version ${version}: what is read here is version ${known.join(', ')}; register a class for it, or give an older one's successor an \`upcast\``,
      );
    }
    const home = this.#homeOf(contract);
    if (home !== topic) {
      const why = 'whoever writes it has the wrong topic, or its class has';
      throw new BusbarError('EVENT_UNKNOWN', `${name} belongs on topic ${home}, not on ${topic}: ${why}`);
    }
    return contract;
  }

  #homeOf(contract: Contract): string {
    let home = this.#homes.get(contract);
    if (home === undefined) this.#homes.set(contract, (home = this.#options.topics.topic(contract.topic)));
    return home;
  }

  #decode(contract: Contract, body: Body): unknown {
    const { codec } = this.#options;
    if (body.kind === 'data') return body.data;
    if (!codec.reads(body.contentType)) {
      throw new BusbarError('UNDECODABLE', `content type ${JSON.stringify(body.contentType)}: what is read here is ${codec.contentType}`);
    }
    return codec.decode(contract, body.bytes);
  }
}

function toEvent(contract: Contract, data: unknown, metadata: EventMetadata): Reading {
  try {
    const envelope = envelopeOf(contract.fromData(data, metadata.version), metadata);
    markCameIn(envelope.event);
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
