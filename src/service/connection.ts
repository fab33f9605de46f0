import type { KafkaConfig, SaslLogin } from '../config/kafka-config.js';
import type { BusbarError } from '../errors.js';
import type { KafkaDriver } from '../kafka/driver.js';
import { startEmbeddedKafka } from '../kafka/embedded/embedded-kafka.js';
import { kafkajsDriver } from '../kafka/kafkajs/driver.js';
import type { KafkaJsOptions, SaslOptions } from '../kafka/kafkajs/options.js';
import type { TopicNames } from '../kafka/topics.js';
import type { OutboundLimits } from '../outbound/limits.js';
import type { Notices } from '../telemetry/notices.js';
import { remaining } from './deadline.js';
import { InMemoryKafka } from './in-memory-kafka.js';
import type { Begun } from './lifecycle.js';

/** The configuration in the words of the driver. `brokers` are those of the configuration, or the embedded one's. */
export function driverOptions(config: KafkaConfig, brokers: readonly string[]): KafkaJsOptions {
  const tls = config.tls();
  const sasl = config.sasl();
  return {
    brokers,
    clientId: config.clientId,
    ssl: tls === undefined ? undefined : { ca: tls.ca, cert: tls.cert, key: tls.key?.reveal() },
    sasl: sasl === undefined ? undefined : loginOf(sasl),
    acks: ACKS[config.acks],
    compression: config.compressionType,
    fetchMinBytes: config.fetchMinBytes,
    fetchMaxWaitMs: config.fetchMaxWaitMs,
  };
}

function loginOf(sasl: SaslLogin): SaslOptions {
  if (sasl.mechanism === 'OAUTHBEARER') return { mechanism: 'oauthbearer', provider: sasl.provider };
  return { mechanism: MECHANISMS[sasl.mechanism], username: sasl.username, password: sasl.password.reveal() };
}

const MECHANISMS = { PLAIN: 'plain', 'SCRAM-SHA-256': 'scram-sha-256', 'SCRAM-SHA-512': 'scram-sha-512' } as const;

const ACKS = { all: -1, '1': 1, '0': 0 } as const;

/** The configuration in the words of the publisher. */
export function outboundLimits({ batchSize, bufferMemory, lingerMs }: KafkaConfig): Partial<OutboundLimits> {
  return { batchBytes: batchSize, bufferBytes: bufferMemory, lingerMs };
}

/** How long the driver waits when partitions are given back; the group hears nothing from us meanwhile. */
const GIVE_BACK_MS = 10_000;

export interface Connection {
  /** A broker has answered it. */
  readonly driver: KafkaDriver;
  /** What stands in for a broker where there is none. */
  readonly memory: InMemoryKafka | undefined;
  /** What the embedded broker has died of, which does not come back in this process. */
  readonly brokerCrash: () => BusbarError | undefined;
}

/** Connects to the configured servers, to an embedded broker that is started for it, or to memory. */
export async function connect(config: KafkaConfig, names: TopicNames, notices: Notices, begun: Begun): Promise<Connection> {
  if (!config.enabled) {
    const memory = new InMemoryKafka(config, names, notices);
    begun((deadline) => memory.close(remaining(deadline)));
    return { driver: memory.driver, memory, brokerCrash: () => undefined };
  }
  let servers = config.bootstrapServers;
  let crash: BusbarError | undefined;
  if (config.embedded !== undefined) {
    const broker = await startEmbeddedKafka({ dataDir: config.embedded.dir, notices });
    const forget = broker.onCrash((error) => {
      crash = error;
      notices.raise({ level: 'error', code: error.code, message: 'the embedded broker has ended', error });
    });
    begun(() => broker.stop().finally(forget));
    servers = broker.bootstrap.split(',');
  }
  const driver = kafkajsDriver({ ...driverOptions(config, servers), drainMs: GIVE_BACK_MS }, notices);
  begun((deadline) => driver.close(remaining(deadline)));
  await driver.connect();
  return { driver, memory: undefined, brokerCrash: () => crash };
}
