/**
 * Headers that are the same in nearly all records of a topic, each with the text that was read of it last. To compare
 * bytes with it takes a fraction of decoding them, and one string that is seen again is also found faster in maps.
 */
const lastTexts = new Map<string, string>(['content-type', 'ce_specversion', 'ce_type', 'ce_source'].map((name) => [name, '']));
const LONGEST = 64;

/** The text of the bytes of this header, where it is the same as the time before. */
export function repeatedText(name: string, bytes: Buffer): string | undefined {
  const text = lastTexts.get(name);
  if (text === undefined || text.length !== bytes.length) return undefined;
  for (let i = 0; i < bytes.length; i++) if (text.charCodeAt(i) !== bytes[i]) return undefined;
  return text;
}

/** Remembers what was decoded: only ASCII, of which each byte is the code of its character. */
export function remember(name: string, text: string, bytes: Buffer): void {
  // As many characters as bytes of UTF-8: then every one of them is ASCII.
  if (lastTexts.has(name) && text.length === bytes.length && text.length <= LONGEST) lastTexts.set(name, text);
}
