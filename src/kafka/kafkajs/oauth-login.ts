import kafkajs from 'kafkajs';

import type { OAuthBearerToken } from '../../config/oauth-bearer.js';
import type { OAuthTokens } from './oauth-tokens.js';

/** Its types leave the message out. */
const Refused = kafkajs.KafkaJSSASLAuthenticationError as unknown as new (message: string) => Error;

interface Exchange {
  readonly request: { encode(): Promise<Buffer> };
  readonly response: { decode(answer: Buffer | null): Promise<Buffer | null>; parse(answer: Buffer | null): Promise<Buffer | null> };
}

/** As kafkajs asks for it; not in its types. */
export interface OAuthLogin {
  readonly mechanism: 'oauthbearer';
  readonly authenticationProvider: (connection: { saslAuthenticate(exchange: Exchange): Promise<unknown> }) => {
    authenticate(): Promise<void>;
  };
}

/**
 * kafkajs's own asks for a token for every connection, does not read what the broker says of it, and leaves a connection without one
 * in the middle of its login, where no other can follow.
 */
export function oauthLogin(tokens: OAuthTokens): OAuthLogin {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => {
      const tell = async (message: string): Promise<string> => {
        const exchange = { request: { encode: () => Promise.resolve(withLength(message)) }, response: AS_IT_IS };
        return ((await saslAuthenticate(exchange)) as Buffer | null)?.subarray(LENGTH_BYTES).toString() ?? '';
      };
      return {
        authenticate: async () => {
          const token = await tokens.current().catch(async (error: unknown) => {
            // The broker ends the connection for it.
            await tell(GIVE_UP).catch(() => undefined);
            throw Object.assign(new kafkajs.KafkaJSNonRetriableError((error as Error).message), { cause: error });
          });
          try {
            const complaint = await tell(firstMessage(token));
            if (complaint === '') return;
            await tell(GIVE_UP);
            throw new Error(complaint);
          } catch (error) {
            tokens.refused(token);
            throw new Refused(`SASL OAUTHBEARER authentication failed: ${(error as Error).message}`);
          }
        },
      };
    },
  };
}

/** In front of every message. */
const LENGTH_BYTES = 4;
const AS_IT_IS: Exchange['response'] = { decode: (answer) => Promise.resolve(answer), parse: (answer) => Promise.resolve(answer) };

/** What a client answers to a complaint: https://datatracker.ietf.org/doc/html/rfc7628#section-3.2.3 */
const GIVE_UP = '\u0001';

/** https://datatracker.ietf.org/doc/html/rfc7628#section-3.1 */
function firstMessage({ value, extensions = {} }: OAuthBearerToken): string {
  const pairs = [`auth=Bearer ${value}`, ...Object.entries(extensions).map(([name, text]) => `${name}=${text}`)];
  return `n,,\u0001${pairs.join('\u0001')}\u0001\u0001`;
}

function withLength(message: string): Buffer {
  const text = Buffer.from(message);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeInt32BE(text.length);
  return Buffer.concat([length, text]);
}
