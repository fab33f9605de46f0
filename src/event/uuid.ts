import { createHash } from 'node:crypto';

/** Namespace of all ids that Busbar derives. Never changes: derived ids have to stay the same across releases. */
const NAMESPACE = Buffer.from('6f1c2f0e5a3b5d7c9b4e8a7d3c2b1f60', 'hex');

/** UUID version 5 (RFC 9562) over the JSON array of the parts: the same parts give the same id, everywhere and always. */
export function uuidv5(...parts: string[]): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(JSON.stringify(parts), 'utf8').digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
