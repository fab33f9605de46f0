import { isUtf8 } from 'node:buffer';

/** The text of the bytes; undefined when they are not UTF-8. */
export function utf8Text(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8');
  // Decoding replaces what is not UTF-8 by U+FFFD, and two different values would become one. Hardly any text has that
  // character by itself, so looking for it saves a second walk over the bytes.
  return text.includes('\ufffd') && !isUtf8(bytes) ? undefined : text;
}
