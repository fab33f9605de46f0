import { utf8Text } from '../../event/utf8.js';
import type { InHeaders } from '../record.js';
import { type AttributeName, type Attributes, malformed, MAX_ATTRIBUTE_BYTES } from './attributes.js';
import { remember, repeatedText } from './repeated-texts.js';

/**
 * A header as text; the last one when the name occurs more than once, as the Java client's `lastHeader` has it.
 * Header values are UTF-8 as they stand: the Kafka binding, other than the one for HTTP, encodes nothing.
 */
export function headerText(headers: InHeaders, name: string): string | undefined {
  // Headers are a plain object: without this check `constructor` would always be there.
  if (!Object.hasOwn(headers, name)) return undefined;
  const found = headers[name];
  const value = Array.isArray(found) ? found.at(-1) : found;
  if (value === undefined || value === null) return undefined;
  if (value.length > MAX_ATTRIBUTE_BYTES) throw malformed(name, `is longer than ${MAX_ATTRIBUTE_BYTES} bytes`);
  if (typeof value === 'string') return value;
  const repeated = repeatedText(name, value);
  if (repeated !== undefined) return repeated;
  const text = utf8Text(value);
  if (text === undefined) throw malformed(name, 'is not UTF-8');
  remember(name, text, value);
  return text;
}

/** Written out, because joining the parts of a name for every header that is read takes longer than finding the header. */
const LABELS: Readonly<Record<AttributeName, string>> = {
  specversion: 'ce_specversion',
  id: 'ce_id',
  source: 'ce_source',
  type: 'ce_type',
  time: 'ce_time',
  eventversion: 'ce_eventversion',
  correlationid: 'ce_correlationid',
  causationid: 'ce_causationid',
  path: 'ce_path',
  instance: 'ce_instance',
  traceparent: 'ce_traceparent',
  tracestate: 'ce_tracestate',
};

/** Attributes in headers: `ce_` and the name; trace context also without `ce_`, which comes first. */
export class HeaderAttributes implements Attributes {
  readonly #headers: InHeaders;

  constructor(headers: InHeaders) {
    this.#headers = headers;
  }

  get(name: AttributeName): string | undefined {
    const plain = name === 'traceparent' || name === 'tracestate' ? headerText(this.#headers, name) : undefined;
    return plain ?? headerText(this.#headers, this.label(name));
  }

  label(name: AttributeName): string {
    return LABELS[name];
  }
}
