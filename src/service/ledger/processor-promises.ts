import { inboxRetention } from '../inbox-pruning.js';
import { acksLoss } from './durability.js';
import type { LedgerFacts, ProcessorFacts } from './ledger-facts.js';
import { broken, kept, type PromiseRow } from './promise-row.js';
import { SHOWN_BY } from './shown-by.js';
import { spanOf } from './span.js';

const NO_STORE = 'no store';
const IN_MEMORY = 'KAFKA_ENABLED=false';

/** What holds for one processor: what it is given, in which order, how often it counts, and what becomes of its results. */
export function processorPromises(processor: ProcessorFacts, facts: LedgerFacts): PromiseRow[] {
  const subject = `processor ${processor.name}`;
  const rows = [
    delivery(subject, processor, facts),
    order(subject, processor, facts),
    once(subject, processor, facts),
    durability(subject, facts),
  ];
  return processor.publishes ? [...rows, derived(subject, facts)] : rows;
}

function delivery(subject: string, { from }: ProcessorFacts, { keeping, store }: LedgerFacts): PromiseRow {
  const row = { subject, promise: 'delivery' as const };
  if (keeping === 'memory') {
    const says = 'in memory only: it is given what this process publishes while it runs';
    return broken({ ...row, says, shownBy: SHOWN_BY.memory }, `${IN_MEMORY}: what was not settled when the process ends is lost`);
  }
  const weaker: string[] = [];
  if (from === 'latest') weaker.push(`from 'latest': what was published before its first start is not read`);
  if (store === undefined) weaker.push(`${NO_STORE}: a group whose offsets have expired cannot be told from a new one`);
  const says = 'at least once: every event of its kinds ends in one outcome, and the offset moves after it';
  return kept({ ...row, says, shownBy: SHOWN_BY.processing }, weaker);
}

function order(subject: string, { handles, concurrency }: ProcessorFacts, { keeping }: LedgerFacts): PromiseRow {
  const keyless = handles.filter(({ isKeyed }) => !isKeyed).map(({ name }) => name);
  const says =
    concurrency === 1
      ? 'events of one key begin in the order of the log, one event of a partition at a time'
      : `events of one key begin in the order of the log, up to ${concurrency} keys of a partition at a time`;
  const beside =
    concurrency === 1
      ? 'they are spread over the partitions, each of which is in order'
      : 'they begin in the order of the log and run side by side';
  const weaker = keyless.length === 0 ? [] : [`no key in ${keyless.join(', ')}: ${beside}`];
  const shownBy = keeping === 'memory' ? SHOWN_BY.memory : SHOWN_BY.handlingOrder;
  return kept({ subject, promise: 'order', says, shownBy }, weaker);
}

function once(subject: string, processor: ProcessorFacts, facts: LedgerFacts): PromiseRow {
  const { store, keeping } = facts;
  const weaker = keeping === 'memory' ? [] : copies(processor, facts);
  const row = { subject, promise: 'once' as const };
  if (store === undefined) {
    const says = 'best effort: repeats among the last 100,000 ids of this process are dropped';
    return kept({ ...row, says, shownBy: SHOWN_BY.bestEffort }, [
      `${NO_STORE}: an event that comes again later, or after a restart, is handled again`,
      ...weaker,
    ]);
  }
  const says = `effects in ctx.transaction happen once per group and event, ${memoryOf(facts)}; what is done outside of it, at least once`;
  return kept({ ...row, says, shownBy: SHOWN_BY.inbox }, weaker);
}

/** The inbox is one for all processors, so the longest retention of any topic that is read counts. */
function memoryOf({ processors, topics }: LedgerFacts): string {
  const read = new Set(processors.flatMap(({ handles }) => handles.map(({ topic }) => topic)));
  const retentionMs = inboxRetention([...read].flatMap((topic) => topics.get(topic) ?? []));
  return retentionMs === undefined ? 'for ever' : `recognised for ${spanOf(retentionMs)}`;
}

function copies({ handles }: ProcessorFacts, { mapped }: LedgerFacts): string[] {
  const topics = [...new Set(handles.map(({ topic }) => topic))].filter((topic) => mapped.has(topic));
  return topics.map((topic) => `${topic} takes records without ids: a copy that such a producer sends twice counts as two events`);
}

function durability(subject: string, { store, keeping }: LedgerFacts): PromiseRow {
  const row = { subject, promise: 'durability' as const };
  if (store === undefined) {
    const offsets = keeping === 'memory' ? 'nothing' : 'nothing but the offsets of its group';
    return broken(
      { ...row, says: `${offsets} is kept over a restart`, shownBy: SHOWN_BY.bestEffort },
      `${NO_STORE}: pass one to kafkaModule`,
    );
  }
  const { kind, synchronous } = store;
  const says = `what was committed is in ${kind} (synchronous=${synchronous}) and survives the end of the process`;
  const weaker =
    synchronous === 'full' || synchronous === 'extra' ? [] : [`synchronous=${synchronous}: the last commits may be lost with the machine`];
  return kept({ ...row, says, shownBy: SHOWN_BY.store }, weaker);
}

function derived(subject: string, facts: LedgerFacts): PromiseRow {
  const row = { subject, promise: 'derived' as const };
  const weaker = facts.keeping === 'memory' ? [`${IN_MEMORY}: what was not sent when the process ends is lost`] : acksLoss(facts);
  if (facts.store === undefined) {
    const says = 'what its handlers publish is sent when they have succeeded, and has the same ids when they run again';
    const again = `${NO_STORE}: the ids are the same only if a handler publishes the same events in the same order each time`;
    return kept({ ...row, says, shownBy: SHOWN_BY.staging }, [again, ...weaker]);
  }
  const says = 'what its handlers publish is committed with their effects, sent until the broker has it, and keeps its ids';
  return kept({ ...row, says, shownBy: SHOWN_BY.staged }, weaker);
}
