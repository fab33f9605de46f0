export { BusbarError, ERROR_CODES, type ErrorCode } from './errors.js';

export { KafkaConfig, type Environment, type KafkaSettings } from './config/kafka-config.js';
export { ConfigError, type Finding } from './config/finding.js';
export { Secret } from './config/secret.js';
export type { TlsSettings } from './config/tls.js';
export type { TopicSettings, TopicSettingsInit } from './config/topic-settings.js';
