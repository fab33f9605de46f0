import type { MirrorLedger, Published } from './mirror-ledger.js';

/** How strict one may be. */
export interface Conditions {
  /** Records on the log, copies by others left out. */
  readonly records: number;
  readonly crashes: boolean;
  /** Another process may have come to a partition between a record and its copy, and does not know that it is one. */
  readonly copiesPass: boolean;
}

/**
 * What the mirror promises; throws what is not so. Nothing is sent twice, no service hears its own event back, and every
 * interested service hears each event once, with crashes at least once, and what its listeners publish because of that is
 * safe.
 */
export function checkMirror(ledger: MirrorLedger, { records, crashes, copiesPass }: Conditions): void {
  const { sendings, published, heard } = ledger;
  if (records > sendings) throw new Error(`${records} records are on the log, and ${sendings} events were sent`);
  if (!crashes && records < sendings) throw new Error(`${sendings} events were sent, and ${records} records are on the log`);
  for (const [id, event] of published) checkAtHome(ledger, id, event, crashes);
  for (const [id, event] of published) {
    heard.forEach((_, listener) => {
      if (listener !== event.service) checkElsewhere(ledger, listener, id, event, !crashes && !copiesPass);
    });
  }
}

/** The service that publishes hears an event where it is published, as often as it is. */
function checkAtHome(ledger: MirrorLedger, id: string, { service, event, calls }: Published, crashes: boolean): void {
  const times = ledger.heard[service]!.get(id) ?? 0;
  const what = `service-${service} heard ${id} ${times} times and published it ${calls} times`;
  if (times > calls) throw new Error(`${what}: it hears its own event back`);
  if (!crashes && ledger.listens(service, event) && times < calls) throw new Error(what);
}

function checkElsewhere(ledger: MirrorLedger, listener: number, id: string, event: Published, isExact: boolean): void {
  const times = ledger.heard[listener]!.get(id) ?? 0;
  const what = `service-${listener} heard ${id} of service-${event.service} ${times} times`;
  const isInterested = ledger.isInterested(listener, event);
  if (!isInterested && times > 0) throw new Error(`${what}, and was not to hear it`);
  if (!isInterested || !event.isSafe) return;
  if (times === 0) throw new Error(`${what}: it is lost`);
  if (ledger.answers(listener, event) && !ledger.answered[listener]!.has(id)) throw new Error(`${what}, and its answer is lost`);
  if (isExact && times > 1) throw new Error(`${what}: once is promised`);
}
