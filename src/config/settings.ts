import { Choice, Flag, Hidden, Integer, Listed, NotYet, Text } from './setting.js';
import { TokenProvider, type OAuthBearerProvider } from './oauth-bearer.js';
import type { Secret } from './secret.js';
import { Topics, type TopicSettings } from './topic-settings.js';

/** `host:port`, the host perhaps an IPv6 address in brackets, the port from 1 to 65535. */
const SERVER =
  /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$/;
/** Kafka's characters; short enough for the suffixes that topics and groups get (Kafka stops at 249). */
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,200}$/;
const NAME_ALLOWED = '1 to 200 letters, digits, `.`, `_` and `-`, not `.` or `..` alone';
const FILE_ALLOWED = 'the path of a readable PEM file';
const MAX_INT = 2_147_483_647;

/**
 * Every setting there is: with its values, its default and its effect. The table in the configuration guide is checked
 * against this file. Sizes are bytes, durations are milliseconds.
 */
export class Settings {
  @Text(/^[A-Za-z0-9._-]{1,100}$/, '1 to 100 letters, digits, `.`, `_` and `-`', {
    required: true,
    effect:
      'Who this application is: the `source` of its events (`/name`), its entry in their path, and the stem of its consumer groups. Keep it for the life of the application.',
    fix: 'name the application, e.g. KAFKA_SERVICE_NAME=debates',
  })
  readonly serviceName!: string;

  @Listed(SERVER, /^embedded(?::.+)?$/, '`host:port`, several separated by commas; or `embedded`, or `embedded:DIR`', {
    defaultText: '**required**, unless `KAFKA_ENABLED` is `false`',
    effect:
      'The Kafka servers to begin with. `embedded` starts the embedded broker with a temporary log, `embedded:DIR` keeps its log in DIR. Nothing is assumed: without it the application does not start.',
    fix: 'KAFKA_BOOTSTRAP_SERVERS=host:9092, or KAFKA_BOOTSTRAP_SERVERS=embedded for the embedded broker',
  })
  readonly bootstrapServers!: readonly string[];

  @Choice(['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'], {
    default: 'PLAINTEXT',
    effect: 'Whether connections are encrypted (`SSL`) and log in (`SASL`).',
  })
  readonly securityProtocol!: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';

  @Choice(
    ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'],
    {
      defaultText: 'none; required with `SASL_…`',
      effect: 'How to log in.',
    },
    { remark: 'this version has no GSSAPI' },
  )
  readonly saslMechanism!: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER' | undefined;

  @Text(/^[^]+$/, 'a text (in a file, in quotes)', {
    defaultText: 'none; required with PLAIN and SCRAM',
    effect: 'Who logs in, with PLAIN and SCRAM.',
  })
  readonly saslUsername!: string | undefined;

  @Hidden({ defaultText: 'none; required with PLAIN and SCRAM', effect: 'The password. It is shown nowhere.' })
  readonly saslPassword!: Secret | undefined;

  @TokenProvider({
    defaultText: 'none; required with `OAUTHBEARER`',
    effect: 'Gets the [tokens](security.md#tokens) with which connections log in. Only in code.',
  })
  readonly oauthBearerProvider!: OAuthBearerProvider | undefined;

  @Text(/^[^\0]+$/, FILE_ALLOWED, {
    defaultText: 'the authorities Node.js trusts',
    effect: 'Certificates of the authorities that may sign the certificates of the servers.',
  })
  readonly sslCafile!: string | undefined;

  @Text(/^[^\0]+$/, FILE_ALLOWED, { effect: 'The certificate of the client, with `KAFKA_SSL_KEYFILE`.' })
  readonly sslCertfile!: string | undefined;

  @Text(/^[^\0]+$/, FILE_ALLOWED, {
    effect: 'The private key of the client, with `KAFKA_SSL_CERTFILE`. What it contains is shown nowhere.',
  })
  readonly sslKeyfile!: string | undefined;

  @Text(NAME, NAME_ALLOWED, { effect: 'Stands before every topic, as `prefix.topic`.' })
  readonly topicPrefix!: string | undefined;

  @Integer(1, 10_000, { default: 3, effect: 'Partitions of topics that are created and do not say how many.' })
  readonly numPartitions!: number;

  @Integer(1, 100, { defaultText: 'the number of brokers, at most 3', effect: 'Copies of every topic that is created.' })
  readonly replicationFactor!: number | undefined;

  @Integer(1, 100, {
    defaultText: 'the copies less one, at least 1',
    effect: 'How many copies must have a record before it counts as written, for topics that are created.',
  })
  readonly minInsyncReplicas!: number | undefined;

  @Text(NAME, NAME_ALLOWED, {
    defaultText: '`KAFKA_SERVICE_NAME`',
    effect: 'Stem of the consumer groups: `GROUP_ID.processor` and `GROUP_ID.bridge`. Another stem is another reader that begins anew.',
  })
  readonly groupId!: string;

  @Choice(['earliest', 'latest'], {
    default: 'earliest',
    effect:
      'Where the bridge, and a processor without a `from` of its own, begins on its first start. It never moves a group that has begun.',
  })
  readonly autoOffsetReset!: 'earliest' | 'latest';

  @Flag({ default: false, effect: 'None: offsets are committed after the outcome. `true` is accepted with a warning.' })
  readonly enableAutoCommit!: boolean;

  @Integer(1, 100_000, {
    default: 500,
    effect: 'How many records of a partition may be under way in a processor or the bridge before fetching pauses.',
  })
  readonly maxPollRecords!: number;

  @Integer(1, MAX_INT, { default: 1, effect: 'A fetch waits until this many bytes are there, or `KAFKA_FETCH_MAX_WAIT_MS` have passed.' })
  readonly fetchMinBytes!: number;

  @Integer(1, 60_000, { default: 500, effect: 'How long a fetch waits for `KAFKA_FETCH_MIN_BYTES`. A stop may wait for it.' })
  readonly fetchMaxWaitMs!: number;

  @Choice(
    ['all', '1', '0'],
    {
      default: 'all',
      effect:
        'How many brokers have to acknowledge a record. Below `all` an event that counts as safe may still be lost, and a warning says so.',
    },
    { remark: '`-1` means `all`', also: { '-1': 'all' } },
  )
  readonly acks!: 'all' | '1' | '0';

  @Integer(0, MAX_INT, { defaultText: 'none', effect: 'None: `KAFKA_DELIVERY_TIMEOUT_MS` bounds the retries. Accepted with a warning.' })
  readonly retries!: number | undefined;

  @Integer(1, 104_857_600, {
    default: 1_000_000,
    effect: 'Bytes of one partition that are sent together at most. Keep it below what the topic takes (`max.message.bytes`).',
  })
  readonly batchSize!: number;

  @Integer(0, 60_000, {
    default: 0,
    effect: 'How long a record may wait for company behind a batch that has just been written. An idle partition sends at once.',
  })
  readonly lingerMs!: number;

  @Integer(65_536, 4_294_967_296, {
    default: 33_554_432,
    effect: 'Bytes that may wait to be sent. Beyond it `publish` waits for its place.',
  })
  readonly bufferMemory!: number;

  @Integer(100, MAX_INT, { default: 120_000, effect: 'How long `publish` may take in all, retries included, before it rejects.' })
  readonly deliveryTimeoutMs!: number;

  @Choice(['none', 'gzip', 'snappy', 'lz4', 'zstd'], {
    default: 'none',
    effect: 'How batches are compressed. What is read may be compressed in any of these ways, whatever is set here.',
  })
  readonly compressionType!: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

  @Flag({
    default: true,
    effect: 'Whether missing topics are created at the start, dead-letter topics included. With `false` a missing topic refuses the start.',
  })
  readonly createTopics!: boolean;

  @Flag({
    default: true,
    effect:
      'Whether events go through Kafka. `false`: they stay in the memory of this process, `KAFKA_BOOTSTRAP_SERVERS` is not needed, and what that costs stands below.',
  })
  readonly enabled!: boolean;

  @NotYet('schema registry', { effect: 'The schema registry.', fix: 'remove it; events are written as JSON' })
  readonly schemaRegistryUrl!: undefined;

  @Text(NAME, NAME_ALLOWED, {
    defaultText: '`KAFKA_SERVICE_NAME`',
    effect: 'The name under which connections appear in logs and quotas of the brokers.',
  })
  readonly clientId!: string;

  @Flag({ default: false, effect: 'Whether notices of level `info` and what the Kafka client itself logs are printed too.' })
  readonly debug!: boolean;

  @Topics({
    defaultText: 'the five topics below',
    effect:
      'Topics of the application, by their name without the prefix: `partitions`, `retentionMs` (-1 keeps records for ever), and `mapping`, which says where [records of others](wire.md#records-that-others-wrote) have their name and data. Only in the file and in code; it adds to the default topics and overrides them.',
  })
  readonly topics!: Readonly<Record<string, TopicSettings>>;
}
