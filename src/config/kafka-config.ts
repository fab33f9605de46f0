import { inspect } from 'node:util';

import { embeddedBroker } from './consistency.js';
import { fileLayer } from './file.js';
import { environmentLayer, objectLayer } from './layer.js';
import type { OAuthBearerProvider } from './oauth-bearer.js';
import type { Secret } from './secret.js';
import { Settings } from './settings.js';
import type { TlsSettings } from './tls.js';
import type { TopicSettingsInit } from './topic-settings.js';
import { validate, type Validated } from './validation.js';

/** The process environment, or what stands in for it. */
export type Environment = Readonly<Record<string, string | undefined>>;

type Given<T> = T extends Secret ? string : T extends readonly string[] ? string | readonly string[] : T;

/** How connections log in. */
export type SaslLogin =
  | { readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'; readonly username: string; readonly password: Secret }
  | { readonly mechanism: 'OAUTHBEARER'; readonly provider: OAuthBearerProvider };

/** Settings as code gives them: all of them optional, by the names of `Settings`. */
export type KafkaSettings = {
  readonly [K in Exclude<keyof Settings, 'topics'>]?: Given<Settings[K]> | undefined;
} & {
  /** Added to the default topics, by name without prefix. */
  readonly topics?: Readonly<Record<string, TopicSettingsInit>> | undefined;
};

/**
 * The complete, checked configuration. It cannot be changed, and however it is printed, no secret is in it.
 *
 * Every way to get one throws `ConfigError` (`CONFIG_INVALID`) with all wrong settings at once, and
 * `CONFIG_BOOTSTRAP_MISSING` when neither servers nor the embedded broker are chosen: nothing is assumed.
 */
export class KafkaConfig extends Settings {
  /** The embedded broker and where its log is kept (undefined: in a temporary directory), when it was chosen. */
  readonly embedded: { readonly dir: string | undefined } | undefined;
  /** What is allowed and has no effect, or another one than it seems. Shown as notices when the service starts. */
  readonly warnings: readonly string[];
  readonly #tls: TlsSettings;

  private constructor({ values, tls, warnings }: Validated) {
    super();
    Object.assign(this, values);
    this.embedded = this.enabled ? embeddedBroker(this.bootstrapServers) : undefined;
    this.warnings = Object.freeze([...warnings]);
    this.#tls = tls;
    Object.freeze(this);
  }

  /** From the `KAFKA_…` variables; `overrides` win over them. */
  static fromEnv(env: Environment = process.env, overrides: KafkaSettings = {}): KafkaConfig {
    return new KafkaConfig(validate([environmentLayer(env), objectLayer(overrides, 'in code')]));
  }

  /** From a YAML file; the environment wins over it, `overrides` over both. Throws `CONFIG_FILE` too. */
  static fromFile(path: string, env: Environment = process.env, overrides: KafkaSettings = {}): KafkaConfig {
    return new KafkaConfig(validate([fileLayer(path), environmentLayer(env), objectLayer(overrides, 'in code')]));
  }

  /** From code alone: the environment is not read. */
  static from(settings: KafkaSettings): KafkaConfig {
    return new KafkaConfig(validate([objectLayer(settings, 'in code')]));
  }

  /** Certificates and key as they were read, when `securityProtocol` encrypts. */
  tls(): TlsSettings | undefined {
    return this.securityProtocol.endsWith('SSL') ? this.#tls : undefined;
  }

  /** How to log in, when `securityProtocol` does. */
  sasl(): SaslLogin | undefined {
    const { saslMechanism: mechanism, saslUsername: username, saslPassword: password, oauthBearerProvider: provider } = this;
    if (!this.securityProtocol.startsWith('SASL') || mechanism === undefined) return undefined;
    if (mechanism === 'OAUTHBEARER') return provider === undefined ? undefined : { mechanism, provider };
    return username === undefined || password === undefined ? undefined : { mechanism, username, password };
  }

  override toString(): string {
    return `KafkaConfig ${inspect({ ...this }, { depth: 4 })}`;
  }
}
