import { insteadOf } from '../../config/nearest.js';
import { BusbarError } from '../../errors.js';
import { jsonViolation } from '../../event/json-value.js';
import type { OutHeaders, WireRecord } from '../../kafka/record.js';
import type { TopicNames } from '../../kafka/topics.js';

/** A message for a topic of the application. It is no event: nobody here hears it, and nothing is added to it. */
export interface OutgoingMessage {
  /** Without the prefix. */
  readonly topic: string;
  /** Messages of one key keep their order. Without one the partition is chosen for balance. */
  readonly key?: string | undefined;
  /**
   * Bytes and text go out as they are; an object or array as JSON, with the header `content-type: application/json` unless
   * another is given; null is a tombstone.
   */
  readonly value: Buffer | string | object | null;
  readonly headers?: Readonly<Record<string, Buffer | string>> | undefined;
  /** Time of the record. Default: now. */
  readonly timestamp?: Date | undefined;
}

const FIELDS: readonly string[] = ['topic', 'key', 'value', 'headers', 'timestamp'] satisfies (keyof OutgoingMessage)[];

/** Halves of characters: they are not the same after UTF-8. */
const BROKEN_TEXT = /\p{Cs}/u;

/**
 * The message in wire form, independent of what becomes of the objects that were given. Throws `ARGUMENT_INVALID` with
 * everything that is wrong, and `TOPIC_INVALID`.
 */
export function toRecord(message: OutgoingMessage, names: TopicNames): WireRecord {
  const problems = problemsOf(message);
  if (problems.length > 0) throw new BusbarError('ARGUMENT_INVALID', `the message cannot be sent: ${problems.join('; ')}`);
  const { topic, key, value, headers = {}, timestamp = new Date() } = message;
  return {
    topic: names.topic(topic),
    key: key === undefined ? null : Buffer.from(key, 'utf8'),
    value: bytesOf(value),
    headers: headersOf(headers, isJson(value)),
    timestamp: timestamp.getTime(),
  };
}

function problemsOf(message: OutgoingMessage): string[] {
  if (typeof message !== 'object' || message === null) return ['it must be an object with `topic` and `value`'];
  const { topic, key, value, headers, timestamp } = message;
  const problems = Object.keys(message)
    .filter((field) => !FIELDS.includes(field))
    .map((field) => `${field} is no field of a message: ${insteadOf(field, FIELDS)}`);
  if (typeof topic !== 'string') problems.push('topic must be a string');
  if (key !== undefined && !isText(key)) problems.push('key must be a string of whole characters');
  if (timestamp !== undefined && !(timestamp instanceof Date && timestamp.getTime() >= 0))
    problems.push('timestamp must be a Date, not before 1970');
  return [...problems, ...valueProblems(value), ...headerProblems(headers)];
}

function valueProblems(value: unknown): string[] {
  if (value === null || value instanceof Uint8Array) return [];
  if (typeof value === 'string') return isText(value) ? [] : ['value must be a string of whole characters'];
  if (typeof value !== 'object') return ['value must be a Buffer, a string, a JSON object or array, or null'];
  const violation = jsonViolation(value, 'value');
  return violation === undefined ? [] : [`${violation.path} ${violation.message}`];
}

function headerProblems(headers: unknown): string[] {
  if (headers === undefined) return [];
  // What keeps its entries elsewhere, as a Map does, would lose them here.
  if (!isPlain(headers)) return ['headers must be a plain object of strings and Buffers'];
  return Object.entries(headers)
    .filter(([name, value]) => !isText(name) || !(isText(value) || value instanceof Uint8Array))
    .map(([name]) => `header ${JSON.stringify(name)} must be a Buffer or a string of whole characters`);
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && !BROKEN_TEXT.test(value);
}

function isJson(value: OutgoingMessage['value']): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}

/** A copy: the record may wait in the queue while the caller uses its buffer again. */
function bytesOf(value: OutgoingMessage['value']): Buffer | null {
  if (value === null) return null;
  if (value instanceof Uint8Array) return Buffer.from(value);
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value), 'utf8');
}

function headersOf(given: Readonly<Record<string, Buffer | string>>, json: boolean): OutHeaders {
  const entries = Object.entries(given).map(([name, value]) => [name, typeof value === 'string' ? value : Buffer.from(value)] as const);
  const typed = entries.some(([name]) => name.toLowerCase() === 'content-type');
  if (json && !typed) entries.push(['content-type', 'application/json']);
  return Object.fromEntries(entries);
}
