import type { TopicDescription } from '../../kafka/driver.js';
import type { LedgerFacts } from './ledger-facts.js';
import { spanOf } from './span.js';

/** How the topic of an event keeps what was acknowledged. */
export function keptOnTopic({ topics, keeping }: LedgerFacts, topic: string): string {
  if (keeping === 'memory') return 'kept nowhere: it is gone with the process';
  const found = topics.get(topic);
  if (found === undefined) return `kept as the topic ${topic} keeps its records`;
  const { replicationFactor: copies, minInsyncReplicas: inSync, retentionMs } = found;
  const kept = retentionMs < 0 ? 'kept for ever' : `kept for ${spanOf(retentionMs)}`;
  return `${copies} ${copies === 1 ? 'copy' : 'copies'} on ${found.topic}, safe when ${inSync} of them ${inSync === 1 ? 'has' : 'have'} it; ${kept}`;
}

/** How an acknowledged event of this topic can be lost though nothing but one broker broke. */
export function lossesOnTopic(facts: LedgerFacts, topic: string): string[] {
  const { keeping, topics } = facts;
  if (keeping === 'memory') return ['KAFKA_ENABLED=false: nothing outlives the process'];
  const description = topics.get(topic);
  if (typeof keeping === 'object') return [...embeddedLoss(keeping.embedded), ...acksLoss(facts)];
  if (description === undefined)
    return [`${topic} was not read when the service started: nothing is known of its copies`, ...acksLoss(facts)];
  return [...copiesLoss(description), ...acksLoss(facts)];
}

function embeddedLoss(directory: string | undefined): string[] {
  const copy = 'the embedded broker has one copy';
  return [directory === undefined ? `${copy}, in a temporary directory that goes with the process` : `${copy}, in ${directory}`];
}

function copiesLoss({ replicationFactor, minInsyncReplicas, uncleanLeaderElection }: TopicDescription): string[] {
  const losses: string[] = [];
  if (replicationFactor < 2) losses.push('replication factor 1: what is acknowledged is lost with its broker');
  else if (minInsyncReplicas < 2) losses.push('min.insync.replicas 1: what one broker alone acknowledged is lost with it');
  if (uncleanLeaderElection) losses.push('unclean leader election: a broker that missed acknowledged records may become leader');
  return losses;
}

/** What fewer acknowledgements than all cost. */
export function acksLoss({ acks, keeping }: LedgerFacts): string[] {
  if (acks === 'all' || keeping === 'memory') return [];
  if (acks === '1') return ['KAFKA_ACKS=1: one broker acknowledged, and what no other has yet is lost with it'];
  return ['KAFKA_ACKS=0: no broker acknowledges, so an event counts as safe when it was given to the network'];
}
