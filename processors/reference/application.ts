import { Container } from 'inversify';

import { KafkaConfig, kafkaModule, type Environment, type EventClass, type ProcessorClass } from 'busbar';
import type { Store } from 'busbar/store';

import * as reference from '../index.js';

/** Every event of the reference application. */
export const EVENTS: readonly EventClass[] = [
  reference.DebateInitiated,
  reference.DebateRoundStarted,
  reference.DebateRoundCompleted,
  reference.DebateConsensusReached,
  reference.DebateCompleted,
  reference.DecisionMade,
  reference.DecisionApproved,
  reference.DecisionRejected,
  reference.EvolutionTriggered,
  reference.EvolutionCompleted,
  reference.EvolutionSuperseded,
  reference.ImprovementSuggested,
  reference.WebhookDelivered,
  reference.WebhookFailed,
  reference.MetricRecorded,
];

const PROCESSORS: readonly ProcessorClass[] = [
  reference.DebateProcessor,
  reference.DecisionProcessor,
  reference.EvolutionProcessor,
  reference.MetricsProcessor,
];

/**
 * The servers of the environment, or else the embedded broker with its log in `logDir`; with `KAFKA_ENABLED=false` no
 * broker. Throws `CONFIG_INVALID`.
 */
export function configure(env: Environment, logDir: string): KafkaConfig {
  const { KAFKA_SERVICE_NAME: name, KAFKA_BOOTSTRAP_SERVERS: servers } = env;
  const named = { ...env, KAFKA_SERVICE_NAME: name || 'reference' };
  const isOurs = servers === undefined || servers === '' || servers === 'embedded';
  const config = KafkaConfig.fromEnv({ ...named, KAFKA_BOOTSTRAP_SERVERS: isOurs ? `embedded:${logDir}` : servers });
  return config.enabled ? config : KafkaConfig.fromEnv(named);
}

/** The container of the reference application; its `KafkaService` starts it. */
export function assemble(config: KafkaConfig, store: Store): Container {
  const container = new Container();
  container.load(kafkaModule({ config, events: EVENTS, processors: PROCESSORS, store }));
  return container;
}
