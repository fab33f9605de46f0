import { BusbarError } from '../../errors.js';
import { utf8Text } from '../../event/utf8.js';
import type { InRecord } from '../../kafka/record.js';

/** A message as it was read. */
export class Message {
  /** Without the prefix. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** null is a tombstone. */
  readonly value: Buffer | null;
  /** Time of the record. */
  readonly timestamp: Date;
  readonly #record: InRecord;
  #headers: Readonly<Record<string, string>> | undefined;

  constructor(record: InRecord, topic: string) {
    this.topic = topic;
    this.partition = record.partition;
    this.offset = record.offset;
    this.value = record.value;
    this.timestamp = new Date(record.timestamp);
    this.#record = record;
  }

  /** Undefined without a key. One that is no text is given in base64, so that different keys stay different. */
  get key(): string | undefined {
    const { key } = this.#record;
    return key === null ? undefined : textOf(key);
  }

  /** By name; the last one of a name counts. A value that is no text is given in base64. */
  get headers(): Readonly<Record<string, string>> {
    if (this.#headers === undefined) {
      // No prototype: a header may be called `constructor`.
      const headers = Object.create(null) as Record<string, string>;
      for (const [name, given] of Object.entries(this.#record.headers)) {
        const value = Array.isArray(given) ? given.at(-1) : given;
        if (value !== undefined) headers[name] = typeof value === 'string' ? value : textOf(value);
      }
      this.#headers = headers;
    }
    return this.#headers;
  }

  /** The value as text. Throws `UNDECODABLE` for a tombstone and for bytes that are not UTF-8. */
  text(): string {
    if (this.value === null) throw this.#undecodable('has no value (a tombstone)');
    const text = utf8Text(this.value);
    if (text === undefined) throw this.#undecodable('is not UTF-8');
    return text;
  }

  /** The value as JSON; nothing says that it is of this type. Throws `UNDECODABLE`. */
  json<T = unknown>(): T {
    const text = this.text();
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw this.#undecodable('is not JSON', cause);
    }
  }

  #undecodable(why: string, cause?: unknown): BusbarError {
    return new BusbarError('UNDECODABLE', `message ${this.topic}/${this.partition}@${this.offset} ${why}`, { cause });
  }
}

function textOf(bytes: Buffer): string {
  return utf8Text(bytes) ?? bytes.toString('base64');
}
