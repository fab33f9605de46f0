import type { OAuthBearerProvider, OAuthBearerToken } from '../../config/oauth-bearer.js';
import { BusbarError } from '../../errors.js';

/** A provider that hangs must not hold up connections for longer than a broker that does. */
const PATIENCE_MS = 10_000;
/** A token is replaced when a fifth of its time is left, and so long before its end at least: kafkajs logs in anew 10 s before. */
const FIFTH = 0.2;
const MARGIN_MS = 30_000;
/** Of tokens that live so short that the margin is longer than they, most of the time. */
const MOST_OF_IT = 0.9;

/** The characters of tokens: https://datatracker.ietf.org/doc/html/rfc6750#section-2.1. Others could end the message. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
/** https://datatracker.ietf.org/doc/html/rfc7628#section-3.1 */
const EXTENSION_NAME = /^(?!auth$)[A-Za-z]+$/i;
const EXTENSION_VALUE = /^[\x20-\x7e\t\r\n]*$/;

interface Held {
  readonly token: OAuthBearerToken;
  /** In ms since 1970. */
  readonly replaceAt: number;
}

/** The tokens of all connections of a driver: one is asked for at a time, and used until it nears its end or a broker refuses it. */
export class OAuthTokens {
  readonly #provider: OAuthBearerProvider;
  #held: Held | undefined;
  #asking: Promise<OAuthBearerToken> | undefined;

  constructor(provider: OAuthBearerProvider) {
    this.#provider = provider;
  }

  /** Rejects `AUTHENTICATION_FAILED`; nothing that was provided is in its message. */
  current(): Promise<OAuthBearerToken> {
    if (this.#held !== undefined && Date.now() < this.#held.replaceAt) return Promise.resolve(this.#held.token);
    return (this.#asking ??= this.#ask().finally(() => (this.#asking = undefined)));
  }

  /** A broker did not take it: the next connection gets another. */
  refused(token: OAuthBearerToken): void {
    if (this.#held?.token === token) this.#held = undefined;
  }

  async #ask(): Promise<OAuthBearerToken> {
    const token = await provided(this.#provider);
    const now = Date.now();
    const expiresAt = checked(token, now);
    const life = expiresAt - now;
    const margin = Math.min(Math.max(life * FIFTH, MARGIN_MS), life * MOST_OF_IT);
    this.#held = { token, replaceAt: Number.isFinite(expiresAt) ? expiresAt - margin : now };
    return token;
  }
}

async function provided(provider: OAuthBearerProvider): Promise<OAuthBearerToken> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const what = `it has not answered within ${PATIENCE_MS / 1000} s`;
    timer = setTimeout(() => reject(failed(what, true)), PATIENCE_MS);
  });
  const asked = (async () => provider())();
  try {
    return await Promise.race([asked, late]);
  } catch (error) {
    if (error instanceof BusbarError) throw error;
    // What it says may have anything in it.
    throw failed(`it failed with ${error instanceof Error ? error.name : 'something that is no Error'}`, true, error);
  } finally {
    clearTimeout(timer);
  }
}

/** When the token expires, in ms since 1970; infinite when nobody says. Throws for what no broker would take. */
function checked(token: OAuthBearerToken, now: number): number {
  const { value, expiresAt, extensions = {} } = (token as Partial<OAuthBearerToken> | undefined) ?? {};
  if (typeof value !== 'string' || !TOKEN.test(value))
    throw failed('it gave no token: a value of letters, digits and -._~+/= is one', false);
  for (const [name, text] of Object.entries(extensions)) {
    if (!EXTENSION_NAME.test(name) || !EXTENSION_VALUE.test(String(text)))
      throw failed('a name or value of its extensions is not allowed', false);
  }
  const until = expiresAt === undefined ? expiryOf(value) : Number(expiresAt);
  if (Number.isNaN(until)) throw failed('expiresAt is neither a date nor a number', false);
  if (until <= now) throw failed(`it gave a token that has expired at ${new Date(until).toISOString()}`, true);
  return until;
}

/** What a JWT says of itself, not checked: that is up to the broker. */
function expiryOf(value: string): number {
  try {
    const { exp } = JSON.parse(Buffer.from(value.split('.')[1] ?? '', 'base64url').toString()) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : Infinity;
  } catch {
    return Infinity;
  }
}

function failed(what: string, retriable: boolean, cause?: unknown): BusbarError {
  return new BusbarError('AUTHENTICATION_FAILED', `no token from oauthBearerProvider: ${what}`, { retriable, cause });
}
