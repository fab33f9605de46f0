import { isJsonContentType, parseJsonObject } from '../event/json-object.js';
import type { Contract } from '../event/contract.js';
import type { Codec } from './codec.js';

/** Events as JSON objects in UTF-8. Reads every JSON content type, also `application/vnd.acme+json; charset=utf-8`. */
export class JsonCodec implements Codec {
  readonly contentType = 'application/json';

  reads(contentType: string): boolean {
    return isJsonContentType(contentType);
  }

  encode(_contract: Contract, data: Record<string, unknown>): Buffer {
    return Buffer.from(JSON.stringify(data), 'utf8');
  }

  /** Throws `UNDECODABLE` unless the bytes are a JSON object. Nesting is not limited: whoever walks the result must not recurse. */
  decode(_contract: Contract, bytes: Buffer): Record<string, unknown> {
    return parseJsonObject(bytes);
  }
}
