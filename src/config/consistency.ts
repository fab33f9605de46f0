import { settings } from './setting.js';
import type { Settings } from './settings.js';

/** Something that is wrong between settings that are right one by one. */
export interface Conflict {
  /** The setting that should change. */
  readonly setting: keyof Settings;
  readonly allowed: string;
  readonly fix: string;
}

/** `embedded` or `embedded:DIR`; undefined when real servers are configured. */
export function embeddedBroker(servers: readonly string[]): { readonly dir: string | undefined } | undefined {
  const [first = ''] = servers;
  if (first === 'embedded') return { dir: undefined };
  return first.startsWith('embedded:') ? { dir: first.slice('embedded:'.length) } : undefined;
}

/** The values that are set and valid by themselves. */
export function conflicts(values: Partial<Settings>): Conflict[] {
  const found: Conflict[] = [];
  const {
    securityProtocol,
    saslMechanism,
    saslUsername,
    saslPassword,
    oauthBearerProvider,
    sslCertfile,
    sslKeyfile,
    bootstrapServers = [],
  } = values;
  if (values.enabled !== false && values.bootstrapServers === undefined) {
    const { allowed, fix = '' } = settings().get('bootstrapServers')!;
    found.push({ setting: 'bootstrapServers', allowed, fix });
  }
  if (securityProtocol?.startsWith('SASL')) {
    const why = `required with ${securityProtocol}`;
    if (saslMechanism === undefined)
      found.push({
        setting: 'saslMechanism',
        allowed: `PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER; ${why}`,
        fix: 'ask who runs the brokers; SCRAM-SHA-512 is usual',
      });
    if (saslMechanism === 'OAUTHBEARER') {
      if (oauthBearerProvider === undefined)
        found.push({
          setting: 'oauthBearerProvider',
          allowed: 'a function that gets tokens, in code; required with OAUTHBEARER',
          fix: 'KafkaConfig.fromEnv(process.env, { oauthBearerProvider: async () => ({ value: token }) })',
        });
    } else {
      if (saslUsername === undefined) found.push({ setting: 'saslUsername', allowed: why, fix: 'set the user who logs in' });
      if (saslPassword === undefined) found.push({ setting: 'saslPassword', allowed: why, fix: 'set the password of that user' });
    }
  }
  if (sslCertfile !== undefined && sslKeyfile === undefined)
    found.push({ setting: 'sslKeyfile', allowed: 'required with a client certificate', fix: 'set the key of that certificate' });
  if (sslKeyfile !== undefined && sslCertfile === undefined)
    found.push({ setting: 'sslCertfile', allowed: 'required with a client key', fix: 'set the certificate of that key' });
  const { replicationFactor, minInsyncReplicas } = values;
  if (replicationFactor !== undefined && minInsyncReplicas !== undefined && minInsyncReplicas > replicationFactor) {
    found.push({
      setting: 'minInsyncReplicas',
      allowed: `at most the replication factor, ${replicationFactor}`,
      fix: `no record could ever be acknowledged: choose ${Math.max(1, replicationFactor - 1)}`,
    });
  }
  if (embeddedBroker(bootstrapServers) !== undefined && securityProtocol !== undefined && securityProtocol !== 'PLAINTEXT') {
    found.push({
      setting: 'securityProtocol',
      allowed: 'PLAINTEXT with the embedded broker, which runs inside this process',
      fix: 'remove it, or name real servers',
    });
  }
  return found;
}

/** What is allowed and will not do what its author may think; by the setting it is about. */
export function doubts(values: Partial<Settings>): { readonly setting: keyof Settings; readonly doubt: string }[] {
  const found: { setting: keyof Settings; doubt: string }[] = [];
  if (values.enabled === false) {
    const doubt =
      'is false: events stay in the memory of this process; nothing survives it, nothing leaves it, no other instance hears of them';
    found.push({ setting: 'enabled', doubt });
    if (values.bootstrapServers !== undefined) found.push({ setting: 'bootstrapServers', doubt: 'has no effect with KAFKA_ENABLED=false' });
  }
  if (values.enableAutoCommit === true)
    found.push({ setting: 'enableAutoCommit', doubt: 'has no effect: offsets are committed after the outcome of a record, never before' });
  if (values.retries !== undefined)
    found.push({ setting: 'retries', doubt: 'has no effect: sending is repeated until KAFKA_DELIVERY_TIMEOUT_MS' });
  if (values.acks === '0' || values.acks === '1')
    found.push({ setting: 'acks', doubt: `is ${values.acks}: an event that counts as safe may be lost when a broker fails` });
  if (values.minInsyncReplicas === 1 && (values.replicationFactor ?? 1) > 1) {
    found.push({ setting: 'minInsyncReplicas', doubt: 'is 1: a record may be acknowledged that only one broker has' });
  }
  const protocol = values.securityProtocol ?? 'PLAINTEXT';
  for (const setting of ['saslMechanism', 'saslUsername', 'saslPassword', 'oauthBearerProvider'] as const) {
    if (values[setting] !== undefined && !protocol.startsWith('SASL'))
      found.push({ setting, doubt: `has no effect with KAFKA_SECURITY_PROTOCOL=${protocol}` });
  }
  if (protocol.startsWith('SASL')) {
    const mechanism = values.saslMechanism ?? 'PLAIN';
    const unused = mechanism === 'OAUTHBEARER' ? (['saslUsername', 'saslPassword'] as const) : (['oauthBearerProvider'] as const);
    for (const setting of unused)
      if (values[setting] !== undefined) found.push({ setting, doubt: `has no effect with KAFKA_SASL_MECHANISM=${mechanism}` });
  }
  for (const setting of ['sslCafile', 'sslCertfile', 'sslKeyfile'] as const) {
    if (values[setting] !== undefined && !protocol.endsWith('SSL'))
      found.push({ setting, doubt: `has no effect with KAFKA_SECURITY_PROTOCOL=${protocol}` });
  }
  return found;
}
