import { codeOf } from '../dead-letter/dead-letter.js';
import { byName } from '../event/by-name.js';
import type { Contract } from '../event/contract.js';
import type { Envelope } from '../event/envelope.js';
import { Latest } from '../inbound/latest.js';
import type { Handled } from '../inbound/line-options.js';
import type { CountedDelivery, OutcomeTally } from '../inbound/outcome-tally.js';
import { RecentIds } from '../inbound/recent-ids.js';
import { RecordReader, type Reading } from '../inbound/record-reader.js';
import { nameOf } from '../inbound/settler.js';
import type { InRecord } from '../kafka/record.js';
import type { Incoming } from '../kafka/wire/incoming.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { MirrorOptions } from './mirror.js';

/** Who hears what comes in: the hearing side of a bus, which sends nothing out. */
export interface HearingSide {
  /** Whether anybody would hear an event of this contract now. */
  isHeard(contract: Contract): boolean;
  /** Settles when its listeners and what they published have; never rejects. */
  hear(envelope: Envelope): MaybePromise<unknown>;
}

type OfMirror = 'registry' | 'codec' | 'topics' | 'mappings' | 'isEcho' | 'hearingSide' | 'group' | 'notices';

export interface MirrorDeliveryOptions extends Pick<MirrorOptions, OfMirror> {
  /** The events that come in. */
  readonly contracts: readonly Contract[];
  readonly tally: OutcomeTally;
}

const IGNORED: Handled = { outcome: 'ignored', safe: undefined };
const HEARD: Handled = { outcome: 'handled', safe: undefined };
const DUPLICATE: Handled = { outcome: 'duplicate', safe: undefined };
const SKIPPED: Handled = { outcome: 'skipped', safe: undefined };

/**
 * Delivers one record to the listeners: name -> ignore if nobody listens, or if it went out here -> decode -> validate ->
 * recognise repeats -> hear. Nothing is retried: what listeners fail at is reported by the bus.
 */
export class MirrorDelivery {
  readonly #options: MirrorDeliveryOptions;
  readonly #reader: RecordReader;
  readonly #recent = new RecentIds();
  /** Events whose listeners are at work, by their names. */
  readonly #hearing = new Latest();
  #echoes = 0;

  constructor(options: MirrorDeliveryOptions) {
    const { contracts, registry, codec, topics, mappings, hearingSide } = options;
    this.#options = options;
    const incoming = byName(contracts);
    this.#reader = new RecordReader({
      wanted: (name) => incoming.get(name)?.filter((contract) => hearingSide.isHeard(contract)) ?? [],
      admits: (record) => !this.#isEcho(record),
      registry,
      codec,
      topics,
      mappings,
    });
  }

  /** Records that were left out because they went out here. */
  get echoes(): number {
    return this.#echoes;
  }

  deliver(record: InRecord, delivery: CountedDelivery): MaybePromise<Handled> {
    const reading = this.#reader.read(record, delivery);
    return isPromise(reading) ? reading.then((read) => this.#conclude(record, read)) : this.#conclude(record, reading);
  }

  #isEcho(incoming: Incoming): boolean {
    const isEcho = this.#options.isEcho(incoming);
    if (isEcho) this.#echoes++;
    return isEcho;
  }

  #conclude(record: InRecord, reading: Reading): Handled {
    if (reading.kind === 'ignored') return IGNORED;
    if (reading.kind === 'event') return this.#hear(reading.envelope);
    this.#passOver(record, reading.error);
    return SKIPPED;
  }

  #hear(envelope: Envelope): Handled {
    const name = nameOf(envelope);
    const before = this.#hearing.get(name);
    // What the first copy has caused is not safe yet: the second waits for it too.
    if (before !== undefined) return { outcome: 'duplicate', safe: before };
    if (this.#recent.has(envelope.source, envelope.id)) return DUPLICATE;
    const heard = this.#options.hearingSide.hear(envelope);
    if (!isPromise(heard)) {
      this.#recent.add(envelope.source, envelope.id);
      return HEARD;
    }
    const safe = heard.then(() => this.#recent.add(envelope.source, envelope.id));
    this.#hearing.set(name, safe);
    return { outcome: 'handled', safe };
  }

  #passOver({ topic, partition, offset }: InRecord, error: unknown): void {
    const { notices, group, tally } = this.#options;
    tally.failed(error);
    const message = `a record cannot be heard and is passed over (${codeOf(error)})`;
    notices.raise({ level: 'warn', code: 'RECORD_SKIPPED', message, error, details: { group, topic, partition, offset } });
  }
}
