import type { EventMetadata } from '../../event/envelope.js';
import type { InRecord } from '../record.js';
import type { Attributes } from './attributes.js';
import { readMetadata, readVersion } from './metadata.js';

/** What a record carries: bytes for the codec of their content type, or data that had to be parsed already. */
export type Body =
  | { readonly kind: 'bytes'; readonly contentType: string; readonly bytes: Buffer }
  | { readonly kind: 'data'; readonly data: unknown };

/**
 * A record whose name is known and of which nothing else has been looked at: what nobody wants costs no more than
 * that. The rest is read when it is asked for, and throws `UNDECODABLE` naming the header that is malformed.
 */
export class Incoming {
  readonly record: InRecord;
  /** The wire name of the event. */
  readonly name: string;
  readonly #attributes: Attributes;
  readonly #body: () => Body;
  #metadata: EventMetadata | undefined;

  constructor(record: InRecord, name: string, attributes: Attributes, body: () => Body) {
    this.record = record;
    this.name = name;
    this.#attributes = attributes;
    this.#body = body;
  }

  /** Version of the event; 1 where none is given. */
  version(): number {
    return readVersion(this.#attributes);
  }

  metadata(): EventMetadata {
    return (this.#metadata ??= readMetadata(this.record, this.name, this.#attributes));
  }

  /** The process that sent it, where its service says so. */
  instance(): string | undefined {
    return this.#attributes.get('instance');
  }

  body(): Body {
    return this.#body();
  }
}
