import type { ConnectionOptions } from 'node:tls';

import type { OAuthBearerProvider } from '../../config/oauth-bearer.js';
import type { Compression } from '../compression/compressor.js';
import { oauthLogin, type OAuthLogin } from './oauth-login.js';
import { OAuthTokens } from './oauth-tokens.js';

interface PasswordLogin {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

export type SaslOptions = PasswordLogin | { readonly mechanism: 'oauthbearer'; readonly provider: OAuthBearerProvider };

export interface KafkaJsOptions {
  /** `host:port` of some brokers; the others are found. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: boolean | ConnectionOptions | undefined;
  readonly sasl?: SaslOptions | undefined;
  /**
   * Who must have a batch before it counts as written. Default -1: all in-sync replicas, without duplicates on the log.
   * 1 and 0 give that up: a repeated send may be on the log twice, and with 0 no offset is known (`produce` resolves -1).
   */
  readonly acks?: -1 | 0 | 1 | undefined;
  /** Default: none. */
  readonly compression?: Compression | undefined;
  /** An unanswered request counts as failed after this time. Default 10,000 ms. */
  readonly requestTimeoutMs?: number | undefined;
  /** Default 3,000 ms. */
  readonly connectionTimeoutMs?: number | undefined;
  /**
   * A member that the group has not heard of for so long loses its partitions; after a kill, that is how long they rest.
   * Handlers do not count: heartbeats go on while they run. Default 10,000 ms.
   */
  readonly sessionTimeoutMs?: number | undefined;
  /** How long the group waits for its members to join again. Default 60,000 ms. */
  readonly rebalanceTimeoutMs?: number | undefined;
  /** How long a fetch waits for records. Default 500 ms. */
  readonly fetchMaxWaitMs?: number | undefined;
  /** Default 1 byte. */
  readonly fetchMinBytes?: number | undefined;
  /** Most bytes of one partition in one fetch; up to two such batches are held per partition. Default 1 MiB. */
  readonly maxBytesPerPartition?: number | undefined;
  /** Settled offsets are committed at the latest after this time. Default 200 ms. */
  readonly commitIntervalMs?: number | undefined;
  /** … or after so many settled records of one partition. Default 1,000. */
  readonly commitEvery?: number | undefined;
  /** How long a rebalance and a close wait for `onRevoked` and the last commit. Default 10,000 ms, at most half of `rebalanceTimeoutMs`. */
  readonly drainMs?: number | undefined;
  /** How long topic metadata may be old. Default 10,000 ms: a client library that lost a hung broker only notices then. */
  readonly metadataMaxAgeMs?: number | undefined;
}

/** The options with every default filled in. */
export type Settings = {
  readonly [K in Exclude<keyof KafkaJsOptions, 'sasl'>]-?: K extends 'ssl' ? KafkaJsOptions[K] : NonNullable<KafkaJsOptions[K]>;
} & {
  /** As kafkajs takes it; tokens are shared by all connections. */
  readonly sasl: PasswordLogin | OAuthLogin | undefined;
};

export function settingsOf(options: KafkaJsOptions): Settings {
  const rebalanceTimeoutMs = options.rebalanceTimeoutMs ?? 60_000;
  const sessionTimeoutMs = options.sessionTimeoutMs ?? 10_000;
  return {
    brokers: options.brokers,
    clientId: options.clientId,
    ssl: options.ssl,
    sasl: options.sasl?.mechanism === 'oauthbearer' ? oauthLogin(new OAuthTokens(options.sasl.provider)) : options.sasl,
    acks: options.acks ?? -1,
    compression: options.compression ?? 'none',
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    connectionTimeoutMs: options.connectionTimeoutMs ?? 3_000,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    fetchMaxWaitMs: options.fetchMaxWaitMs ?? 500,
    fetchMinBytes: options.fetchMinBytes ?? 1,
    maxBytesPerPartition: options.maxBytesPerPartition ?? 1_048_576,
    commitIntervalMs: options.commitIntervalMs ?? 200,
    commitEvery: options.commitEvery ?? 1_000,
    // After `rebalanceTimeoutMs` the group goes on without the member.
    drainMs: Math.min(options.drainMs ?? 10_000, Math.floor(rebalanceTimeoutMs / 2)),
    metadataMaxAgeMs: options.metadataMaxAgeMs ?? 10_000,
  };
}
