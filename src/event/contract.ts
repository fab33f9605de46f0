import type { EventMetadata } from './envelope.js';

/** A class whose instances are events. */
export type EventClass<E extends object = object> = new (init: never) => E;

/** The own properties of an event, as its constructor takes them. */
export type EventInit<E> = { [K in keyof E as E[K] extends (...args: never) => unknown ? never : K]: E[K] };

/** Names of the string fields of an event: what may serve as its key. */
export type KeyField<E> = { [K in keyof E]-?: E[K] extends string ? K : never }[keyof E] & string;

/** Which way the mirror carries an event. `local` never leaves the process. */
export type Direction = 'out' | 'in' | 'both' | 'local';

/** Turns the data of an older version into the data of the class's version. */
export type Upcast = (data: Record<string, unknown>, version: number) => Record<string, unknown>;

export interface DomainEventOptions<E extends object> {
  /** Wire name: lower-case words joined by `_`, `-` or `.`. */
  readonly name: string;
  /** Positive integer; raise it when the data changes its meaning. Default: 1. */
  readonly version?: number | undefined;
  /** Topic without the prefix. */
  readonly topic: string;
  readonly key?: KeyField<E> | ((event: E) => string) | undefined;
  readonly direction?: Direction | undefined;
  readonly upcast?: Upcast | undefined;
}

/** What the decorators say of an event class, checked and completed. */
export interface Contract<E extends object = object> {
  readonly eventClass: EventClass<E>;
  readonly name: string;
  readonly version: number;
  readonly topic: string;
  readonly direction: Direction;
  readonly upcast: Upcast | undefined;
  /** Declared fields: the only ones that are ever written or read. */
  readonly fields: readonly string[];
  /** Whether every event must have a key. */
  readonly isKeyed: boolean;
  /** The key of an event, or undefined for an unkeyed contract. */
  keyOf(event: E): string | undefined;
  /** Throws `EVENT_INVALID` with every violation and its property path. */
  validate(event: E): void;
  /** The data as it is encoded: the declared fields that are set. */
  toData(event: E): Record<string, unknown>;
  /**
   * An instance from decoded data: upcasts when `version` is older, copies declared fields only, validates.
   * Throws `EVENT_INVALID` or `VERSION_UNSUPPORTED`.
   */
  fromData(data: unknown, version: number): E;
}

/** Metadata that a publisher may set; the rest is made. */
export type PublishOptions = { readonly [K in 'id' | 'source' | 'occurredAt' | 'key' | 'correlationId']?: EventMetadata[K] | undefined };
