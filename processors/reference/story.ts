import type { EventInit } from 'busbar';

import type * as reference from '../index.js';
import type { Choices } from './choices.js';

interface Events {
  debate_initiated: reference.DebateInitiated;
  debate_round_started: reference.DebateRoundStarted;
  debate_round_completed: reference.DebateRoundCompleted;
  debate_consensus_reached: reference.DebateConsensusReached;
  debate_completed: reference.DebateCompleted;
  decision_made: reference.DecisionMade;
  decision_approved: reference.DecisionApproved;
  decision_rejected: reference.DecisionRejected;
  evolution_triggered: reference.EvolutionTriggered;
  evolution_completed: reference.EvolutionCompleted;
  evolution_superseded: reference.EvolutionSuperseded;
  improvement_suggested: reference.ImprovementSuggested;
  webhook_delivered: reference.WebhookDelivered;
  webhook_failed: reference.WebhookFailed;
  metric_recorded: reference.MetricRecorded;
}

/** What happens next: an event, its subject, and how many hours pass before it at most. */
export type Step = {
  readonly [Name in keyof Events]: {
    readonly name: Name;
    readonly subject: string;
    readonly hours: number;
    readonly data: EventInit<Events[Name]>;
  };
}[keyof Events];

const PROPOSALS = ['Simplify', 'Split', 'Rewrite', 'Document', 'Retire', 'Speed up', 'Measure', 'Automate'] as const;
const THINGS = ['the event bus', 'the build', 'the deploy', 'on-call', 'code review', 'the public API', 'the search', 'billing'] as const;
const KINDS = ['architecture', 'process', 'product'] as const;
const PEOPLE = ['ada', 'grace', 'barbara', 'edsger', 'tony'] as const;
const URL = 'https://hooks.example.com/decisions';

/** One debate of a team of engineers, from the question to what became of the answer. */
export function* storyOf(debateId: string, choices: Choices): Generator<Step, undefined> {
  const subject = debateId;
  const question = `${choices.oneOf(PROPOSALS)} ${choices.oneOf(THINGS)}?`;
  yield { name: 'debate_initiated', subject, hours: 8, data: { debateId, question, kind: choices.oneOf(KINDS) } };

  const rounds = choices.integer(1, 6);
  for (let round = 1; round <= rounds; round++) {
    yield { name: 'debate_round_started', subject, hours: 24, data: { debateId, round } };
    yield { name: 'debate_round_completed', subject, hours: 72, data: { debateId, round } };
  }
  const agreed = choices.chance(0.8);
  if (agreed) yield { name: 'debate_consensus_reached', subject, hours: 2, data: { debateId, round: rounds } };
  yield { name: 'debate_completed', subject, hours: 8, data: { debateId, rounds } };

  const decisionId = `${debateId}-decision`;
  const accepted = agreed && choices.chance(0.8);
  const outcome = accepted ? 'accepted' : choices.oneOf(['rejected', 'withdrawn', 'deferred'] as const);
  yield { name: 'decision_made', subject, hours: 96, data: { debateId, decisionId, outcome, dateKnown: choices.chance(0.7) } };
  if (accepted) yield* consequencesOf(debateId, decisionId, choices);
}

function* consequencesOf(debateId: string, decisionId: string, choices: Choices): Generator<Step, undefined> {
  const subject = debateId;
  if (choices.chance(0.15)) {
    yield { name: 'decision_rejected', subject, hours: 24, data: { debateId, decisionId, reason: 'the costs are not clear' } };
  }
  yield { name: 'decision_approved', subject, hours: 48, data: { debateId, decisionId, approvedBy: choices.oneOf(PEOPLE) } };

  const webhookId = `${debateId}-announcement`;
  const hook = { subject: webhookId, hours: 1 };
  if (choices.chance(0.2)) yield { name: 'webhook_failed', ...hook, data: { webhookId, url: URL, reason: 'connection refused' } };
  yield { name: 'webhook_delivered', ...hook, data: { webhookId, url: URL, status: choices.oneOf([200, 202, 204]) } };

  // The decision itself triggers the evolution; now and then somebody outside is faster.
  if (choices.chance(0.1)) yield { name: 'evolution_triggered', subject, hours: 12, data: { debateId, decisionId } };
  const release = `${choices.integer(1, 3)}.${choices.integer(0, 9)}`;
  yield { name: 'evolution_completed', subject, hours: 240, data: { debateId, release } };
  const value = choices.integer(5, 5000);
  yield { name: 'metric_recorded', subject, hours: 1, data: { name: 'lines_changed', value, debateId } };
  if (choices.chance(0.3)) {
    const improvement = `${choices.oneOf(PROPOSALS)} ${choices.oneOf(THINGS)} further`;
    yield { name: 'improvement_suggested', subject, hours: 240, data: { debateId, improvement } };
  }
  if (choices.chance(0.1)) {
    yield { name: 'evolution_superseded', subject, hours: 480, data: { debateId, supersededBy: `${debateId}-again` } };
  }
}
