import { createHash } from 'node:crypto';

import type { EventMetadata } from '../../event/envelope.js';
import { utf8Text } from '../../event/utf8.js';
import { uuidv5 } from '../../event/uuid.js';
import type { InRecord } from '../record.js';
import { type AttributeName, type Attributes, malformed } from './attributes.js';
import { readPath } from './path.js';
import { readTime } from './time.js';

/** Version of the event; 1 where none is given. Throws `UNDECODABLE`. */
export function readVersion(attributes: Attributes): number {
  const text = attributes.get('eventversion');
  if (text === undefined) return 1;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw malformed(attributes.label('eventversion'), 'is not a positive integer');
  return Number(text);
}

/**
 * Absent attributes are replaced, so that producers that know nothing of CloudEvents can be read; present ones must
 * be right. The key is that of the record, because that is what decides about order, never `subject`.
 */
export function readMetadata(record: InRecord, name: string, attributes: Attributes): EventMetadata {
  const specversion = attributes.get('specversion');
  if (specversion !== undefined && specversion !== '1.0') throw malformed(attributes.label('specversion'), 'is not 1.0');
  const id = filled(attributes, 'id') ?? idOf(record);
  const time = filled(attributes, 'time');
  return {
    id,
    name,
    version: readVersion(attributes),
    source: filled(attributes, 'source') ?? `/topics/${record.topic}`,
    occurredAt: time === undefined ? new Date(record.timestamp) : readTime(time, attributes.label('time')),
    key: readKey(record.key),
    correlationId: attributes.get('correlationid') || id,
    causationId: attributes.get('causationid') || undefined,
    traceparent: attributes.get('traceparent') || undefined,
    tracestate: attributes.get('tracestate') || undefined,
    path: readPath(attributes.get('path') ?? '', attributes.label('path')),
  };
}

function filled(attributes: Attributes, name: AttributeName): string | undefined {
  const text = attributes.get(name);
  if (text === '') throw malformed(attributes.label(name), 'is empty');
  return text;
}

/** The same for every reading of the same record; a record sent twice by its producer has two. */
function idOf({ topic, partition, offset, timestamp, key, value }: InRecord): string {
  const hash = createHash('sha256');
  // The length keeps key and value apart: "ab" + "c" is not "a" + "bc".
  hash.update(`${key?.length ?? 'null'} ${value?.length ?? 'null'} `);
  if (key !== null) hash.update(key);
  if (value !== null) hash.update(value);
  return uuidv5(topic, String(partition), String(offset), String(timestamp), hash.digest('hex'));
}

/** A key that is no text becomes base64: different keys stay different. */
function readKey(key: Buffer | null): string | undefined {
  if (key === null) return undefined;
  return utf8Text(key) ?? key.toString('base64');
}
