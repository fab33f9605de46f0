export { BusbarError, ERROR_CODES, type ErrorCode } from './errors.js';

export { KafkaConfig, type Environment, type KafkaSettings, type SaslLogin } from './config/kafka-config.js';
export { ConfigError, type Finding } from './config/finding.js';
export type { OAuthBearerProvider, OAuthBearerToken } from './config/oauth-bearer.js';
export { Secret } from './config/secret.js';
export type { TlsSettings } from './config/tls.js';
export type { BodyMapping, BodyMappingInit } from './config/body-mapping.js';
export type { TopicSettings, TopicSettingsInit } from './config/topic-settings.js';

export { DomainEvent } from './event/domain-event.js';
export { contractOf } from './event/contract-of.js';
export { EventInvalidError } from './event/event-contract.js';
export { EventRegistry } from './event/event-registry.js';
export type { Contract, Direction, DomainEventOptions, EventClass, EventInit, KeyField, PublishOptions, Upcast } from './event/contract.js';
export type { Envelope, EventMetadata } from './event/envelope.js';
export type { Violation } from './event/json-value.js';

export { EventBus, type EventBusOptions, type SubscribeOptions } from './bus/event-bus.js';
export type { EventStats } from './bus/event-meters.js';
export { Listens, attachListeners } from './bus/listens.js';
export { ListenerError, type Receipt } from './bus/receipt.js';
export { PublishError } from './bus/publish-error.js';
export { PublishAllError, type Unsafe } from './bus/publish-all-error.js';
export type { ContextLog, EventContext, Handler, Resolve } from './bus/event-context.js';
export type { Accepted, Outlet, Place } from './bus/outlet.js';

export { deadLetter, fail, onErrorOf, retry, skip } from './policy/policy.js';
export type {
  DeadLetterPolicy,
  ErrorPolicy,
  FailPolicy,
  FinalPolicy,
  OnErrorOfPolicy,
  RetryOptions,
  RetryPolicy,
  SkipPolicy,
} from './policy/policy.js';

export { Handles } from './processor/handles.js';
export { Processor, type ProcessorClass } from './processor/processor.js';
export { ProcessorOptions, type ProcessorSettings } from './processor/processor-options.js';
export { ProcessorManager } from './processor/processor-manager.js';
export type { PartitionLag } from './inbound/lag.js';
export type { ProcessorState, ProcessorStatus } from './processor/processor-status.js';
export type { TopicPartition } from './inbound/inbound.js';
export { OUTCOMES, type Outcome, type OutcomeCounts } from './inbound/outcomes.js';
export type { ReadingSettings } from './inbound/reading-settings.js';
export type { DeliveryStats, EventDeliveries } from './inbound/outcome-tally.js';
export type { From } from './inbound/start-offset.js';
export { SendError } from './outbound/send-error.js';
export { KafkaEventBridge } from './bridge/kafka-event-bridge.js';
export type { MirrorState, MirrorStatus } from './bridge/mirror.js';

export { KafkaService, type StartOptions, type StopOptions } from './service/kafka-service.js';
export { PromiseLedger } from './service/ledger/promise-ledger.js';
export type { PromiseKind, PromiseRow } from './service/ledger/promise-row.js';
export type { Health, HealthCheck } from './service/health/health.js';
export type { LifecycleState } from './service/lifecycle.js';
export type { ConsumerStats, LagStats, ReaderStats, ServiceStats, TopicStats } from './service/stats.js';
export type { Broadcast } from './service/assembly.js';
export { ServiceMap, type MappedEvent, type MappedListener, type MappedProcessor, type MappedTopic } from './service/map/service-map.js';
export { WiringError, type WiringFinding } from './service/wiring/finding.js';
export { KafkaClient, type MessagePosition, type ProduceResult } from './service/client/kafka-client.js';
export type { BrokerHealth } from './service/client/broker-probe.js';
export type { CreateTopicOptions, PartitionOffsets, TopicInfo } from './service/client/client-topics.js';
export type { MessageConsumerOptions } from './service/client/consume-options.js';
export type { Message } from './service/client/message.js';
export type { ConsumerState, MessageConsumer } from './service/client/message-consumer.js';
export type { MessageContext, MessageHandler } from './service/client/message-task.js';
export type { OutgoingMessage } from './service/client/outgoing-message.js';
export type { DataHandler, EventHandlerOptions } from './service/event-handlers.js';
export type { PublishEventOptions } from './service/publish-event.js';
export { kafkaModule, type KafkaModuleOptions } from './service/kafka-module.js';
export { TOKENS } from './service/tokens.js';
export type { Clock } from './service/clock.js';

export { Notices, printNotice, type Notice, type NoticeCode, type NoticeLevel } from './telemetry/notices.js';
export type { ErrorStats } from './telemetry/last-error.js';
export type { LatencyStats } from './telemetry/latency.js';
export type { Volume } from './telemetry/topic-meters.js';
export type { QueueStats } from './outbound/publisher.js';
