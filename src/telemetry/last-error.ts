import { BusbarError, ERROR_CODES, type ErrorCode } from '../errors.js';

/** The latest thing that went wrong, without event data and secrets. */
export interface ErrorStats {
  /** ISO 8601. */
  readonly at: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Their messages may quote what an application or a codec put there: a value of the event, as like as not. */
const QUOTING: ReadonlySet<ErrorCode> = new Set(['EVENT_INVALID', 'UNDECODABLE']);
const LONGEST_MESSAGE = 300;
/** What a name or a code of an error looks like; anything else may be a sentence with data in it. */
const PLAIN_WORD = /^[A-Za-z_$][\w$.-]{0,63}$/;

/** Remembers the latest error, of which kind it was and what may be shown of it. */
export class LastError {
  #stats: ErrorStats | undefined;

  /** `code` is for an error that has none of ours. */
  note(error: unknown, code: ErrorCode): void {
    if (!(error instanceof BusbarError)) return this.#remember(code, `${ERROR_CODES[code]}: ${kindOf(error)}`);
    const lead = `[${error.code}] `;
    this.say(error.code, error.message.startsWith(lead) ? error.message.slice(lead.length) : error.message);
  }

  /** As `note`, for one that is in parts. */
  say(code: ErrorCode, message: string): void {
    this.#remember(code, QUOTING.has(code) ? ERROR_CODES[code] : message.slice(0, LONGEST_MESSAGE));
  }

  stats(): ErrorStats | null {
    return this.#stats ?? null;
  }

  #remember(code: ErrorCode, message: string): void {
    this.#stats = { at: new Date().toISOString(), code, message };
  }
}

/** Name and code, e.g. `SqliteError SQLITE_CONSTRAINT`; never the message. It may be anything, also what throws when it is looked at. */
function kindOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return `a thrown ${typeof error}`;
    const { name, code } = error as Error & { readonly code?: unknown };
    return [name, code].filter((word) => typeof word === 'string' && PLAIN_WORD.test(word)).join(' ') || 'Error';
  } catch {
    return `a thrown ${typeof error} that cannot be read`;
  }
}
