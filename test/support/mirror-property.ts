import type { Landscape, Published } from './landscape.js';
import type { Topology } from './topology.js';

/**
 * What the mirror promises of a topology that was played; throws what is not so. Nothing is sent twice, no service hears
 * its own event back, and every interested service hears each event once, with crashes at least once,
 * and what its listeners publish because of that is safe.
 */
export function checkMirror(topology: Topology, landscape: Landscape): void {
  const { steps } = topology;
  const crashed = steps.some(({ kind }) => kind === 'crash');
  // A copy on the log is recognised by the process that has heard the event: not by the next one that gets the partition.
  const copiesMayPass = landscape.copies > 0 && steps.some(({ kind }) => kind === 'restart');
  const isExact = !crashed && !copiesMayPass;
  const { records, sendings } = landscape;
  if (records > sendings) throw new Error(`${records} records are on the log, and ${sendings} events were sent`);
  if (!crashed && records < sendings) throw new Error(`${sendings} events were sent, and ${records} records are on the log`);
  for (const [id, event] of landscape.published) checkAtHome(landscape, id, event, crashed);
  for (const [id, event] of landscape.published) checkElsewhere(topology, landscape, id, event, isExact);
}

/** The service that publishes hears an event where it is published, as often as it is. */
function checkAtHome({ heard, listens }: Landscape, id: string, { service, event, calls }: Published, crashed: boolean): void {
  const times = heard[service]!.get(id) ?? 0;
  const what = `service-${service} heard ${id} ${times} times and published it ${calls} times`;
  if (times > calls) throw new Error(`${what}: it hears its own event back`);
  if (!crashed && listens(service, event) && times < calls) throw new Error(what);
}

function checkElsewhere({ services }: Topology, landscape: Landscape, id: string, published: Published, isExact: boolean): void {
  const { heard, listens, answers, answered } = landscape;
  const { service, event, isLocal, isSafe } = published;
  services.forEach(({ roles }, listener) => {
    if (listener === service) return;
    const { direction } = roles[event]!;
    const times = heard[listener]!.get(id) ?? 0;
    const what = `service-${listener} heard ${id} of service-${service} ${times} times`;
    const isInterested = listens(listener, event) && !isLocal && (direction === 'in' || direction === 'both');
    if (!isInterested && times > 0) throw new Error(`${what}, and was not to hear it`);
    if (!isInterested || !isSafe) return;
    if (times === 0) throw new Error(`${what}: it is lost`);
    if (answers(listener, published) && !answered[listener]!.has(id)) throw new Error(`${what}, and its answer is lost`);
    if (isExact && times > 1) throw new Error(`${what}: once is promised`);
  });
}
