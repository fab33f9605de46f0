import type { TopicDescription } from '../../kafka/driver.js';
import type { ServiceParts } from '../assembly.js';
import type { Running } from '../running.js';
import type { Keeping } from './ledger-facts.js';
import { PromiseLedger } from './promise-ledger.js';

/** What a service promises as it runs now, with its topics as they were when it started. */
export function ledgerOf(
  { registry, names, processors }: Pick<Running, 'registry' | 'names' | 'processors'>,
  { config, store, broadcast }: ServiceParts,
  topics: readonly TopicDescription[],
): PromiseLedger {
  const mapped = Object.entries(config.topics).filter(([, { mapping }]) => mapping !== undefined);
  return new PromiseLedger({
    keeping: keepingOf(config),
    acks: config.acks,
    contracts: registry.contracts(),
    processors: processors.described().map(({ name, handles, settings }) => ({
      name,
      handles,
      concurrency: settings.concurrency ?? 1,
      from: settings.from ?? config.autoOffsetReset,
      publishes: (settings.publishes?.length ?? 0) > 0,
    })),
    topics: new Map(topics.map((description) => [names.base(description.topic), description])),
    mapped: new Set(mapped.map(([name]) => name)),
    store: store?.durability,
    broadcast,
    from: config.autoOffsetReset,
  });
}

function keepingOf({ enabled, embedded }: Pick<ServiceParts['config'], 'enabled' | 'embedded'>): Keeping {
  if (!enabled) return 'memory';
  return embedded === undefined ? 'kafka' : { embedded: embedded.dir };
}
