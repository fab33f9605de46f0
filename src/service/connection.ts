import type { KafkaConfig } from '../config/kafka-config.js';
import type { KafkaJsOptions } from '../kafka/kafkajs/options.js';
import type { OutboundLimits } from '../outbound/limits.js';

/** The configuration in the words of the driver. `brokers` are those of the configuration, or the embedded one's. */
export function driverOptions(config: KafkaConfig, brokers: readonly string[]): KafkaJsOptions {
  const tls = config.tls();
  const sasl = config.sasl();
  return {
    brokers,
    clientId: config.clientId,
    ssl: tls === undefined ? undefined : { ca: tls.ca, cert: tls.cert, key: tls.key?.reveal() },
    sasl:
      sasl === undefined ? undefined : { mechanism: MECHANISMS[sasl.mechanism], username: sasl.username, password: sasl.password.reveal() },
    acks: ACKS[config.acks],
    compression: config.compressionType,
    fetchMinBytes: config.fetchMinBytes,
    fetchMaxWaitMs: config.fetchMaxWaitMs,
  };
}

const MECHANISMS = { PLAIN: 'plain', 'SCRAM-SHA-256': 'scram-sha-256', 'SCRAM-SHA-512': 'scram-sha-512' } as const;

const ACKS = { all: -1, '1': 1, '0': 0 } as const;

/** The configuration in the words of the publisher. */
export function outboundLimits({ batchSize, bufferMemory, lingerMs }: KafkaConfig): Partial<OutboundLimits> {
  return { batchBytes: batchSize, bufferBytes: bufferMemory, lingerMs };
}
