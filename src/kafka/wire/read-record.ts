import { DEFAULT_MAPPING, type BodyMapping } from '../../config/body-mapping.js';
import { BusbarError } from '../../errors.js';
import { isJsonContentType, parseJsonObject } from '../../event/json-object.js';
import type { InRecord } from '../record.js';
import { malformed } from './attributes.js';
import { HeaderAttributes, headerText } from './header-attributes.js';
import { type Body, Incoming } from './incoming.js';
import { JsonAttributes, structuredBody } from './structured.js';

/**
 * Reads a record as far as its name: CloudEvents 1.0 in structured mode (`content-type: application/cloudevents+json`)
 * or binary mode (`ce_type`), or a plain JSON object that names itself. Undefined when the name cannot be determined
 * (`UNNAMEABLE`); throws nothing.
 */
export function readRecord(record: InRecord, mapping: BodyMapping = DEFAULT_MAPPING): Incoming | undefined {
  try {
    const contentType = headerText(record.headers, 'content-type');
    // The content type decides: in structured mode headers may repeat attributes, the body has the last word.
    if (contentType?.toLowerCase().startsWith('application/cloudevents')) return structured(record, contentType);
    const type = headerText(record.headers, 'ce_type');
    return type === undefined ? plain(record, mapping) : binary(record, type, contentType);
  } catch (error) {
    if (error instanceof BusbarError && error.code === 'UNDECODABLE') return undefined;
    throw error;
  }
}

function binary(record: InRecord, type: string, contentType: string | undefined): Incoming | undefined {
  if (type === '') return undefined;
  return new Incoming(record, type, new HeaderAttributes(record.headers), (): Body => {
    if (record.value === null) throw malformed('the value', 'is missing (a tombstone)');
    return { kind: 'bytes', contentType: contentType ?? 'application/json', bytes: record.value };
  });
}

function structured(record: InRecord, contentType: string): Incoming | undefined {
  if (record.value === null || !isJsonContentType(contentType)) return undefined;
  const event = parseJsonObject(record.value);
  const attributes = new JsonAttributes(event);
  const type = attributes.get('type');
  return type ? new Incoming(record, type, attributes, () => structuredBody(event)) : undefined;
}

function plain(record: InRecord, mapping: BodyMapping): Incoming | undefined {
  if (record.value === null) return undefined;
  const body = parseJsonObject(record.value);
  const name = mapping.name.map((field) => body[field]).find((value) => typeof value === 'string' && value !== '');
  if (typeof name !== 'string') return undefined;
  const data = body[mapping.data];
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
  return new Incoming(record, name, new HeaderAttributes(record.headers), () => ({ kind: 'data', data: isObject ? data : body }));
}
