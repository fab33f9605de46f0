import { ValidateBy } from 'class-validator';

import { setting } from './setting.js';

/** A token with which a connection logs in (`KAFKA_SASL_MECHANISM=OAUTHBEARER`). */
export interface OAuthBearerToken {
  /** As it was issued. It is shown nowhere. */
  readonly value: string;
  /**
   * Until when it holds, as a date or in ms since 1970. Default: what the token says itself, if it is a JWT. A token of which nothing is known
   * is used for one connection.
   */
  readonly expiresAt?: Date | number | undefined;
  /** What the broker is told beside it (SASL extensions), e.g. `logicalCluster`. */
  readonly extensions?: Readonly<Record<string, string>> | undefined;
}

/**
 * Gets a token that holds. It is asked before the first connection and again while four fifths of the token's time are over: connections that
 * are made meanwhile share it, and those that stand log in anew with the next one. A rejection is told, and tried again.
 */
export type OAuthBearerProvider = () => OAuthBearerToken | Promise<OAuthBearerToken>;

/** A function that gets tokens: only code can give it. */
export function TokenProvider(about: { readonly effect: string; readonly defaultText: string }): PropertyDecorator {
  const allowed = 'a function that resolves to `{ value }`, in code';
  const isFunction = ValidateBy(
    { name: 'function', validator: { validate: (given) => typeof given === 'function' } },
    { message: allowed },
  );
  return setting({ allowed, secret: true, inEnvironment: false, read: (given) => given }, about, [isFunction]);
}
