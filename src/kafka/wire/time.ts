import { malformed } from './attributes.js';

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;

/** Reads an RFC 3339 timestamp; digits below milliseconds are cut off. Throws `UNDECODABLE`. */
export function readTime(text: string, label: string): Date {
  const plain = plainTime(text);
  if (plain !== undefined) return plain;
  const [, year, month, day] = RFC_3339.exec(text) ?? [];
  if (year === undefined) throw malformed(label, 'is not an RFC 3339 timestamp');
  // Date turns 30 February into 2 March.
  const midnight = new Date(`${year}-${month}-${day}T00:00:00Z`);
  const time = new Date(text.toUpperCase());
  if (midnight.getUTCDate() !== Number(day) || Number.isNaN(time.getTime())) throw malformed(label, 'is a date that does not exist');
  return time;
}

/** What toISOString has written, as most producers do: Date takes many times as long to read it. Undefined for all the rest. */
function plainTime(text: string): Date | undefined {
  const isPlain = text.length === 24 && text[4] === '-' && text[7] === '-' && text[10] === 'T' && text[23] === 'Z';
  if (!isPlain || text[13] !== ':' || text[16] !== ':' || text[19] !== '.') return undefined;
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)];
  const [hour, minute, second, ms] = [digits(text, 11, 13), digits(text, 14, 16), digits(text, 17, 19), digits(text, 20, 23)];
  // Date.UTC takes years before 100 for those of the twentieth century, and months, hours and minutes that do not exist for later ones.
  if (!(year >= 100 && month >= 1 && month <= 12 && hour <= 23 && minute <= 59 && second <= 59 && ms >= 0)) return undefined;
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second, ms));
  return time.getUTCDate() === day ? time : undefined;
}

/** The number that stands there; NaN when it is none. */
function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}
