import { isJsonContentType } from '../../event/json-object.js';
import { type AttributeName, type Attributes, malformed, MAX_ATTRIBUTE_BYTES } from './attributes.js';
import type { Body } from './incoming.js';

/** Attributes of a CloudEvent in JSON format (structured mode). */
export class JsonAttributes implements Attributes {
  readonly #event: Record<string, unknown>;

  constructor(event: Record<string, unknown>) {
    this.#event = event;
  }

  get(name: AttributeName): string | undefined {
    const value = this.#event[name];
    if (value === undefined || value === null) return undefined;
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text !== 'string') throw malformed(name, 'is not a string');
    if (text.length > MAX_ATTRIBUTE_BYTES) throw malformed(name, `is longer than ${MAX_ATTRIBUTE_BYTES} bytes`);
    return text;
  }

  label(name: AttributeName): string {
    return name;
  }
}

/** The data of a CloudEvent in JSON format: `data`, or `data_base64`. Throws `UNDECODABLE`. */
export function structuredBody(event: Record<string, unknown>): Body {
  const { datacontenttype, data, data_base64: base64 } = event;
  const type = typeof datacontenttype === 'string' ? datacontenttype : 'application/json';

  if (base64 !== undefined) {
    if (data !== undefined) throw malformed('data_base64', 'and data are both there');
    if (typeof base64 !== 'string' || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64))
      throw malformed('data_base64', 'is not base64');
    return { kind: 'bytes', contentType: type, bytes: Buffer.from(base64, 'base64') };
  }
  if (data === undefined) throw malformed('data', 'is missing');
  // Only of a type that is not JSON is a string the content itself.
  if (typeof data === 'string' && !isJsonContentType(type)) return { kind: 'bytes', contentType: type, bytes: Buffer.from(data, 'utf8') };
  return { kind: 'data', data };
}
