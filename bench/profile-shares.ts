import type { Profiler } from 'node:inspector';

/** Whose time it is, by the address of the source; the first that matches. */
const OWNERS: readonly (readonly [string, RegExp])[] = [
  ['kafkajs', /\/node_modules\/kafkajs\//],
  ['wire of Busbar', /\/dist\/src\/kafka\/(kafkajs|wire)\//],
  ['SQLite', /\/node_modules\/(libsql|@libsql)\/|\/dist\/src\/store\//],
  ['events: JSON, validation, envelope', /\/dist\/src\/(event|codec)\/|\/node_modules\/class-validator\//],
  ['the rest of Busbar', /\/dist\/src\//],
  ['bench', /\/dist\/bench\//],
];
const COLLECTION = 'garbage collection';
const NODE = 'Node';

/** Where the processor time of a profile went, largest share first; they add up to 1. What Node does is its caller's. */
export function sharesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): [owner: string, share: number][] {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const own = new Map(nodes.map(({ id, callFrame: { functionName, url } }) => [id, ownerOf(functionName, url)]));
  const owner = (id: number | undefined): string | undefined => {
    if (id === undefined) return NODE;
    const found = own.get(id);
    return found === 'caller' ? owner(parents.get(id)) : found;
  };
  const times = new Map<string, number>();
  let all = 0;
  samples.forEach((id, i) => {
    const whose = owner(id);
    if (whose === undefined) return;
    const took = timeDeltas[i] ?? 0;
    all += took;
    times.set(whose, (times.get(whose) ?? 0) + took);
  });
  return [...times].map(([whose, took]): [string, number] => [whose, took / all]).sort(([, one], [, other]) => other - one);
}

/** Undefined for waiting, which is not the processor's time. */
function ownerOf(functionName: string, url: string): string | undefined {
  if (functionName === '(idle)') return undefined;
  if (functionName === '(garbage collector)') return COLLECTION;
  return OWNERS.find(([, pattern]) => pattern.test(url))?.[0] ?? 'caller';
}
