import { inspect } from 'node:util';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { OAuthBearerToken } from '../../src/config/oauth-bearer.js';
import { BusbarError } from '../../src/errors.js';
import { OAuthTokens } from '../../src/kafka/kafkajs/oauth-tokens.js';

const HOUR = 3_600_000;
const jwt = (claims: object): string =>
  [{ alg: 'none' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
    .concat('.');

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Gives what it is told to, or numbered tokens that live so long. */
function issuer(lifeMs: number | undefined) {
  let asked = 0;
  const provider = (): OAuthBearerToken => ({ value: `t${++asked}`, expiresAt: lifeMs === undefined ? undefined : Date.now() + lifeMs });
  return { tokens: new OAuthTokens(provider), asked: () => asked };
}
const value = async (tokens: OAuthTokens): Promise<string> => (await tokens.current()).value;

describe('a token', () => {
  it('is shared by all connections until a fifth of its time is left', async () => {
    const { tokens } = issuer(HOUR);
    expect(await Promise.all([value(tokens), value(tokens), value(tokens)])).toEqual(['t1', 't1', 't1']);
    vi.advanceTimersByTime(HOUR * 0.79);
    expect(await value(tokens)).toBe('t1');
    vi.advanceTimersByTime(HOUR * 0.02);
    expect(await value(tokens)).toBe('t2');
  });

  it('that lives for seconds is replaced before a connection would log in with it again', async () => {
    const { tokens } = issuer(12_000);
    expect(await value(tokens)).toBe('t1');
    vi.advanceTimersByTime(1_000);
    expect(await value(tokens)).toBe('t1');
    vi.advanceTimersByTime(1_000);
    expect(await value(tokens)).toBe('t2');
  });

  it('that nobody knows the end of is for one connection', async () => {
    const { tokens } = issuer(undefined);
    expect([await value(tokens), await value(tokens)]).toEqual(['t1', 't2']);
  });

  it('of JSON says itself when it ends', async () => {
    let asked = 0;
    const tokens = new OAuthTokens(() => ({ value: jwt({ n: ++asked, exp: (Date.now() + HOUR) / 1000 }) }));
    await tokens.current();
    await tokens.current();
    expect(asked).toBe(1);
  });

  it('that a broker refused is not used again, and one that came after it is', async () => {
    const { tokens } = issuer(HOUR);
    const first = await tokens.current();
    tokens.refused(first);
    const second = await tokens.current();
    expect(second.value).toBe('t2');
    tokens.refused(first);
    expect(await tokens.current()).toBe(second);
  });
});

describe('a provider', () => {
  const CANARY = 'canary-7f3a-never-shown';
  const refusal = async (provider: () => unknown): Promise<BusbarError> => {
    const asked = new OAuthTokens(provider as () => OAuthBearerToken).current().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10_000);
    return (await asked) as BusbarError;
  };

  it.each([
    ['rejects', () => Promise.reject(new TypeError(CANARY)), 'it failed with TypeError', true],
    ['never answers', () => new Promise(() => undefined), 'it has not answered within 10 s', true],
    ['gives nothing', () => undefined, 'it gave no token', false],
    ['gives a token that would end the message', () => ({ value: `${CANARY}\u0001auth=` }), 'it gave no token', false],
    ['gives an extension that would', () => ({ value: CANARY, extensions: { a: '\u0001' } }), 'its extensions', false],
    ['gives a token that has expired', () => ({ value: CANARY, expiresAt: 5 }), 'has expired at 1970-01-01', true],
    ['gives an end that is none', () => ({ value: CANARY, expiresAt: 'soon' }), 'neither a date nor a number', false],
  ])('that %s is told, without what it gave', async (_, provider, why, retriable) => {
    const error = await refusal(provider);
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', retriable });
    expect(error.message).toContain(why);
    expect(error.message).not.toContain(CANARY);
    expect(inspect({ ...error, cause: undefined }, { depth: 5 })).not.toContain(CANARY);
  });

  it('is asked again after it has failed', async () => {
    let asked = 0;
    const tokens = new OAuthTokens(() => (++asked === 1 ? Promise.reject(new Error('down')) : { value: 'good' }));
    await expect(tokens.current()).rejects.toBeInstanceOf(BusbarError);
    expect(await value(tokens)).toBe('good');
  });
});
