import { BusbarError } from '../../errors.js';
import type { EventMetadata } from '../../event/envelope.js';
import type { OutHeaders } from '../record.js';
import { writePath } from './path.js';

/** Longest value in UTF-16 units: at most three bytes each, so a reader never finds it too long. */
const MAX_LENGTH = 4096;

/**
 * The headers of an event: CloudEvents 1.0, Kafka binding, binary mode. Whatever a reader would assume anyway is left
 * out, since headers are most of what encoding costs: version 1, a correlation with itself, an empty path. The subject
 * is the key, for readers that know CloudEvents but not ours; a very long key has none. `instance` names the process, for
 * services whose instances hear each other. Throws `EVENT_INVALID` for an
 * attribute that is empty or longer than 4,096 characters.
 */
export function toHeaders(metadata: EventMetadata, contentType: string, instance?: string): OutHeaders {
  const { id, name, version, source, occurredAt, key, correlationId, causationId, traceparent, tracestate, path } = metadata;
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: checked('id', id),
    ce_type: checked('name', name),
    ce_source: checked('source', source),
    ce_time: occurredAt.toISOString(),
    'content-type': contentType,
  };
  if (key !== undefined && key !== '' && key.length <= MAX_LENGTH) headers['ce_subject'] = key;
  if (version !== 1) headers['ce_eventversion'] = String(version);
  if (correlationId !== id) headers['ce_correlationid'] = checked('correlationId', correlationId);
  if (causationId !== undefined) headers['ce_causationid'] = checked('causationId', causationId);
  if (path.length > 0) headers['ce_path'] = checked('path', writePath(path));
  if (instance !== undefined) headers['ce_instance'] = instance;
  if (traceparent !== undefined) headers['traceparent'] = checked('traceparent', traceparent);
  if (tracestate !== undefined) headers['tracestate'] = checked('tracestate', tracestate);
  return headers;
}

function checked(name: string, value: string): string {
  if (value !== '' && value.length <= MAX_LENGTH) return value;
  throw new BusbarError('EVENT_INVALID', `metadata ${name} is ${value === '' ? 'empty' : `longer than ${MAX_LENGTH} characters`}`);
}
