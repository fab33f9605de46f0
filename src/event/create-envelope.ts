import { BusbarError } from '../errors.js';
import type { Contract, PublishOptions } from './contract.js';
import { contractOfEvent } from './contract-of.js';
import type { Envelope } from './envelope.js';
import { typeNameOf } from './json-value.js';
import { randomId } from './random-id.js';
import { serviceOf } from './source.js';

/** Of ids, sources and keys; in UTF-16 code units. */
const MAX_LENGTH = 1024;
/** Control characters end headers and lines of a log; a lone surrogate is not the same after UTF-8. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

const NO_PATH: readonly string[] = [];

/** Where an event comes from. */
export interface Origin {
  /** `/` + service name. */
  readonly source: string;
  /** What was being handled when the event was published. */
  readonly cause?: Envelope | undefined;
  /** A derived id. Default: a random one. */
  readonly id?: string | undefined;
  /** In ms since 1970. */
  readonly now?: number | undefined;
}

/**
 * The envelope of an event that is published here and now: it belongs to the conversation and the trace of its cause, but
 * begins a path of its own. Does not validate the event. Throws `EVENT_INVALID` for metadata that cannot travel,
 * `KEY_MISSING` when a keyed event has no key, `INBOUND_ONLY`, and as `contractOf`.
 */
export function createEnvelope<E extends object>(
  event: E,
  options: PublishOptions,
  origin: Origin,
  contract: Contract<E> = contractOfEvent(event),
): Envelope<E> {
  if (contract.direction === 'in') {
    throw new BusbarError(
      'INBOUND_ONLY',
      `${contract.name} comes from outside only (direction 'in'): publish it where it belongs, or change its direction`,
    );
  }
  const { cause } = origin;
  const id = options.id === undefined ? (origin.id ?? randomId()) : checked(contract, 'id', options.id);
  return {
    event,
    id,
    name: contract.name,
    version: contract.version,
    source: options.source === undefined ? origin.source : checked(contract, 'source', options.source),
    occurredAt: options.occurredAt === undefined ? new Date(origin.now ?? Date.now()) : checkedDate(contract, options.occurredAt),
    key: keyFor(contract, event, options.key),
    correlationId:
      options.correlationId === undefined ? (cause?.correlationId ?? id) : checked(contract, 'correlationId', options.correlationId),
    causationId: cause?.id,
    traceparent: cause?.traceparent,
    tracestate: cause?.tracestate,
    path: publishedAs(options.source, origin.source),
  };
}

/** Published under another source, an event shows by its path that it went out here: else it would be heard here again. */
function publishedAs(source: string | undefined, own: string): readonly string[] {
  return source === undefined || source === own ? NO_PATH : [serviceOf(own)];
}

function keyFor<E extends object>(contract: Contract<E>, event: E, given: string | undefined): string | undefined {
  const key: unknown = given ?? ownKey(contract, event);
  if (key === undefined && !contract.isKeyed) return undefined;
  if (typeof key !== 'string' || key === '') {
    throw new BusbarError(
      'KEY_MISSING',
      `${contract.name}: the key is ${key === '' ? 'empty' : typeNameOf(key)}, but it must be a string that keeps the event in order`,
    );
  }
  return checked(contract, 'key', key);
}

function ownKey<E extends object>(contract: Contract<E>, event: E): string | undefined {
  try {
    return contract.keyOf(event);
  } catch (error) {
    throw new BusbarError('KEY_MISSING', `${contract.name}: the key function threw`, { cause: error });
  }
}

/** Throws `EVENT_INVALID` for a text that cannot travel in a header. */
export function checked(contract: Pick<Contract, 'name' | 'version'>, name: string, value: string): string {
  if (typeof value !== 'string' || value === '')
    throw invalid(contract, `${name} must be a string that is not empty (is ${value === '' ? 'empty' : typeNameOf(value)})`);
  if (value.length > MAX_LENGTH) throw invalid(contract, `${name} must not be longer than ${MAX_LENGTH} characters (has ${value.length})`);
  if (!isPrintable(value)) throw invalid(contract, `${name} must not contain control characters or halves of characters`);
  return value;
}

/** Throws `EVENT_INVALID`. */
export function checkedDate(contract: Pick<Contract, 'name' | 'version'>, value: Date): Date {
  if (!(value instanceof Date) || Number.isNaN(value.getTime()))
    throw invalid(contract, `occurredAt must be a valid Date (is ${typeNameOf(value)})`);
  return new Date(value);
}

/** Most texts are of visible ASCII, which is seen faster than the expression begins. */
function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit > 0x7e) return !UNPRINTABLE.test(text);
  }
  return true;
}

function invalid({ name, version }: Pick<Contract, 'name' | 'version'>, why: string): BusbarError {
  return new BusbarError('EVENT_INVALID', `${name} version ${version}: ${why}`);
}
