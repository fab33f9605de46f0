import { malformed } from './attributes.js';

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;

/** Reads an RFC 3339 timestamp; digits below milliseconds are cut off. Throws `UNDECODABLE`. */
export function readTime(text: string, label: string): Date {
  const plain = new Date(text);
  // What toISOString has written, as most producers do: it needs no closer look, which would take several times as long.
  if (text.length === 24 && !Number.isNaN(plain.getTime()) && plain.toISOString() === text) return plain;
  const [, year, month, day] = RFC_3339.exec(text) ?? [];
  if (year === undefined) throw malformed(label, 'is not an RFC 3339 timestamp');
  // Date turns 30 February into 2 March.
  const midnight = new Date(`${year}-${month}-${day}T00:00:00Z`);
  const time = new Date(text.toUpperCase());
  if (midnight.getUTCDate() !== Number(day) || Number.isNaN(time.getTime())) throw malformed(label, 'is a date that does not exist');
  return time;
}
