import { malformed } from './attributes.js';

/** Names joined by commas; a comma or percent sign inside a name is percent-encoded. */
export function writePath(path: readonly string[]): string {
  return path.map((name) => name.replace(/[%,]/g, encodeURIComponent)).join(',');
}

/** Undoes `writePath`. Throws `UNDECODABLE`. */
export function readPath(text: string, label: string): readonly string[] {
  if (text === '') return [];
  try {
    return text.split(',').map(decodeURIComponent);
  } catch {
    throw malformed(label, 'has a percent sign that encodes nothing');
  }
}
