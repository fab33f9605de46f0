import type { FastifySchemaValidationError } from 'fastify';

import { insteadOf } from '../config/nearest.js';
import type { Violation } from '../event/json-value.js';
import { HttpError } from './http-error.js';

/** Of a body of a thousand wrong fields these are enough to see what is wrong. */
const MOST_ERRORS = 20;
/** Of the name of a field that nobody knows. */
const MOST_CHARACTERS = 60;
/** Of names of topics and events: Kafka takes no longer topics. */
const LONGEST_NAME = 249;

/** A part of a JSON Schema. Its `description` is also what the caller is told when a field is not so. */
interface Field {
  readonly description: string;
  readonly [keyword: string]: unknown;
}

export interface EventRequest {
  readonly topic: string;
  readonly name: string;
  readonly data: object;
  readonly key?: string;
  readonly id?: string;
  readonly version?: number;
  readonly occurredAt?: string;
  readonly correlationId?: string;
}

export const EVENT_REQUEST = {
  type: 'object',
  description: 'must be a JSON object',
  required: ['topic', 'name', 'data'],
  additionalProperties: false,
  properties: {
    topic: { type: 'string', minLength: 1, maxLength: LONGEST_NAME, description: 'must be the topic of the event, without the prefix' },
    name: {
      type: 'string',
      minLength: 1,
      maxLength: LONGEST_NAME,
      description: 'must be the name of a registered event, e.g. "order_placed"',
    },
    data: { type: 'object', description: 'must be an object with the fields of the event' },
    key: { type: 'string', minLength: 1, description: 'must be a string: events that have the same keep their order' },
    id: { type: 'string', minLength: 1, description: 'must be a string: events that have the same count as one' },
    version: { type: 'integer', minimum: 1, description: 'must be 1, 2, 3, …' },
    occurredAt: { type: 'string', format: 'date-time', description: 'must be a time with its zone, e.g. "2026-01-31T12:00:00Z"' },
    correlationId: { type: 'string', minLength: 1, description: 'must be a string that is not empty' },
  } satisfies Record<keyof EventRequest, Field>,
} as const;

export interface TopicRequest {
  readonly name: string;
  readonly partitions?: number;
  readonly retentionMs?: number;
}

export const TOPIC_REQUEST = {
  type: 'object',
  description: 'must be a JSON object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, maxLength: LONGEST_NAME, description: 'must be the name of the topic, without the prefix' },
    partitions: { type: 'integer', minimum: 1, maximum: 10_000, description: 'must be an integer from 1 to 10000' },
    retentionMs: {
      type: 'integer',
      minimum: -1,
      maximum: Number.MAX_SAFE_INTEGER,
      not: { const: 0 },
      description: 'must be milliseconds, from 1, or -1: for ever',
    },
  } satisfies Record<keyof TopicRequest, Field>,
} as const;

/** What the validator knows of the place that it stumbled at; its option `verbose` gives it. */
interface Broken extends FastifySchemaValidationError {
  readonly parentSchema?: Partial<Field> & { readonly properties?: Readonly<Record<string, Field>> };
}

/** `REQUEST_INVALID` with every field that is wrong and what it must be. */
export function requestInvalid(errors: readonly FastifySchemaValidationError[]): HttpError {
  // One of each field: what it must be says it all, whatever it breaks.
  const byPath = new Map(
    errors
      .slice(0, MOST_ERRORS)
      .map((error) => violationOf(error))
      .map((violation) => [violation.path, violation]),
  );
  const violations = [...byPath.values()];
  const list = violations.map(({ path, message }) => `${path} ${message}`).join('; ');
  return new HttpError('REQUEST_INVALID', `the request is not understood: ${list}`, violations);
}

function violationOf({ instancePath, keyword, params, message = 'is wrong', parentSchema = {} }: Broken): Violation {
  const { properties = {}, description = message } = parentSchema;
  const missing = params['missingProperty'];
  if (typeof missing === 'string')
    return { path: missing, rule: keyword, message: `is missing: it ${properties[missing]?.description ?? 'is required'}` };
  const unknown = params['additionalProperty'];
  if (typeof unknown === 'string') {
    const path = unknown.slice(0, MOST_CHARACTERS);
    return { path, rule: keyword, message: `is no field: ${insteadOf(path, Object.keys(properties))}` };
  }
  return { path: instancePath.slice(1).replaceAll('/', '.') || 'the body', rule: keyword, message: description };
}
