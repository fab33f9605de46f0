/** The reference events and processors, to read and to try. Published as `busbar/processors`. */
export {
  DebateCompleted,
  DebateConsensusReached,
  DebateInitiated,
  DebateRoundCompleted,
  DebateRoundStarted,
} from './debate/debate-events.js';
export { DebateProcessor } from './debate/debate-processor.js';
export { DECISION_OUTCOMES, DecisionApproved, DecisionMade, DecisionRejected, type DecisionOutcome } from './decision/decision-events.js';
export { DecisionProcessor } from './decision/decision-processor.js';
export { EvolutionCompleted, EvolutionSuperseded, EvolutionTriggered, ImprovementSuggested } from './evolution/evolution-events.js';
export { EvolutionProcessor } from './evolution/evolution-processor.js';
export { MetricRecorded } from './metrics/metric-recorded.js';
export { MetricsProcessor } from './metrics/metrics-processor.js';
export { WebhookDelivered, WebhookFailed } from './metrics/webhook-events.js';
