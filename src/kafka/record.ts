/** Header values as Kafka has them: bytes; a name that occurs twice has an array. */
export type InHeaders = Readonly<Record<string, Buffer | (Buffer | string)[] | string | undefined>>;
export type OutHeaders = Readonly<Record<string, Buffer | string | (Buffer | string)[]>>;

/** A record in wire form that has no partition yet. `timestamp` is the time of publishing in ms since 1970. */
export interface WireRecord {
  readonly topic: string;
  /** UTF-8 bytes; null for a record without key. */
  readonly key: Buffer | null;
  /** null is a tombstone. */
  readonly value: Buffer | null;
  readonly headers: OutHeaders;
  readonly timestamp: number;
}

/** A record as it was read. Offsets are numbers: exact up to 2^53 - 1. */
export interface InRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: InHeaders;
}
