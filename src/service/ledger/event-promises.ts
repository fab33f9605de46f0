import type { Contract } from '../../event/contract.js';
import { acksLoss, keptOnTopic, lossesOnTopic } from './durability.js';
import type { LedgerFacts } from './ledger-facts.js';
import { broken, kept, type PromiseRow } from './promise-row.js';
import { SHOWN_BY } from './shown-by.js';

/** What holds for one event on its way out: whether it arrives, in which order, and whether it stays. */
export function eventPromises(contract: Contract, facts: LedgerFacts): PromiseRow[] {
  const subject = `event ${contract.name}`;
  const { direction, topic } = contract;
  if (direction === 'local') {
    const says = 'never leaves the process: its listeners hear it at most once';
    return [kept({ subject, promise: 'delivery', says, shownBy: SHOWN_BY.listening })];
  }
  const own = [delivery(subject, contract, facts), durability(subject, topic, facts)];
  // The order of what only comes in is up to those who publish it.
  return direction === 'in' ? own : own.toSpliced(1, 0, order(subject, contract, facts));
}

function delivery(subject: string, { direction }: Contract, facts: LedgerFacts): PromiseRow {
  const row = { subject, promise: 'delivery' as const, shownBy: SHOWN_BY.publishing };
  if (direction === 'in') {
    return kept({ ...row, says: 'only comes in: publishing it rejects INBOUND_ONLY', shownBy: SHOWN_BY.mirror });
  }
  if (facts.keeping === 'memory') {
    return broken(
      { ...row, says: 'in memory only: this process hears it, and nobody else', shownBy: SHOWN_BY.memory },
      'KAFKA_ENABLED=false: an event that is under way when the process ends is lost',
    );
  }
  const weaker = acksLoss(facts);
  if (facts.acks === '0') return broken({ ...row, says: 'at most once: publish resolves when it was sent, arrived or not' }, ...weaker);
  const says = 'at least once: publish resolves when it is safe, and rejects exactly when it is not known to be';
  return kept({ ...row, says }, weaker);
}

function order(subject: string, { isKeyed }: Contract, { keeping }: LedgerFacts): PromiseRow {
  const shownBy = keeping === 'memory' ? SHOWN_BY.memory : SHOWN_BY.outboundOrder;
  const row = { subject, promise: 'order' as const, shownBy };
  if (!isKeyed) return broken({ ...row, says: 'none between its events' }, 'it has no key: name one in @DomainEvent if the order matters');
  const says = 'for each key, that of the publish calls of one process, while its topic keeps its number of partitions';
  return kept({ ...row, says });
}

function durability(subject: string, topic: string, facts: LedgerFacts): PromiseRow {
  const shownBy = facts.keeping === 'memory' ? SHOWN_BY.memory : SHOWN_BY.durability;
  const row = { subject, promise: 'durability' as const, says: keptOnTopic(facts, topic), shownBy };
  const losses = lossesOnTopic(facts, topic);
  return facts.keeping === 'memory' ? broken(row, ...losses) : kept(row, losses);
}
