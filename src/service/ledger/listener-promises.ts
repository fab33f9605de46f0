import type { LedgerFacts } from './ledger-facts.js';
import { broken, kept, type PromiseRow } from './promise-row.js';
import { SHOWN_BY } from './shown-by.js';

/** What holds for listeners, and for the bridge that lets them hear what others publish. */
export function listenerPromises(facts: LedgerFacts): PromiseRow[] {
  const here = 'what is published in this process is heard at most once: a failure is reported and never retried';
  return [kept({ subject: 'listeners', promise: 'delivery', says: here, shownBy: SHOWN_BY.listening }), ...bridgePromises(facts)];
}

function bridgePromises(facts: LedgerFacts): PromiseRow[] {
  const subject = 'bridge';
  if (facts.keeping === 'memory') {
    const says = 'nothing is mirrored in';
    return [broken({ subject, promise: 'delivery', says, shownBy: SHOWN_BY.memory }, 'KAFKA_ENABLED=false: no other process is heard')];
  }
  const loops = 'what came in is never sent out again, and what went out does not come in again';
  const derived = 'what a listener publishes because of an event that came in has the same id each time that event is heard';
  return [
    mirroring(facts),
    kept({ subject, promise: 'derived', says: `${derived}, if it publishes the same in the same order`, shownBy: SHOWN_BY.heard }),
    kept({ subject, promise: 'loops', says: loops, shownBy: SHOWN_BY.mirror }),
  ];
}

function mirroring({ broadcast, from, store }: LedgerFacts): PromiseRow {
  const row = { subject: 'bridge', promise: 'delivery' as const, shownBy: SHOWN_BY.mirror };
  if (broadcast !== undefined) {
    const weaker = `broadcast '${broadcast}' is not durable: what comes while an instance is down, or before it runs, is not heard by it`;
    return kept({ ...row, says: 'what others publish is heard by every instance that runs, maybe more than once' }, [weaker]);
  }
  const weaker = from === 'latest' ? [`KAFKA_AUTO_OFFSET_RESET=latest: what was published before the first start is not heard`] : [];
  if (store === undefined) weaker.push('no store: a group whose offsets have expired cannot be told from a new one');
  const says = 'what others publish is heard by one instance, at least once: the offset moves when its listeners have ended';
  return kept({ ...row, says }, weaker);
}
