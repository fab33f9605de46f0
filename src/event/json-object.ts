import { BusbarError } from '../errors.js';
import { utf8Text } from './utf8.js';

/**
 * Reads a JSON object. Throws `UNDECODABLE` for bytes that are not UTF-8, not JSON, or something other than an object
 * at the top. A `__proto__` in it is an own property like any other and changes nothing.
 */
export function parseJsonObject(bytes: Buffer): Record<string, unknown> {
  const value = parse(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BusbarError('UNDECODABLE', 'the value is JSON but no object');
  return value as Record<string, unknown>;
}

/** Whether a content type says JSON in UTF-8: `application/json`, `text/json` or anything that ends in `+json`. */
export function isJsonContentType(contentType: string): boolean {
  if (contentType === 'application/json') return true;
  const [type = '', ...parameters] = contentType.toLowerCase().split(';');
  if (!/^\s*(application\/json|text\/json|[^\s/]+\/[^\s/]+\+json)\s*$/.test(type)) return false;
  const charset = parameters
    .map((parameter) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(parameter)?.[1])
    .find((name) => name !== undefined);
  return charset === undefined || charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii';
}

function parse(bytes: Buffer): unknown {
  const text = utf8Text(bytes);
  if (text === undefined) throw new BusbarError('UNDECODABLE', 'the value is not UTF-8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BusbarError('UNDECODABLE', 'the value is not JSON', { cause });
  }
}
