import type { Handler } from '../bus/event-context.js';
import { contractOf } from '../event/contract-of.js';
import type { Contract } from '../event/contract.js';
import { byName } from '../event/by-name.js';
import { Delivery, type DeliveryOptions } from '../inbound/delivery.js';
import { EventTasks } from '../inbound/event-tasks.js';
import { InboxSettler } from '../inbound/inbox-settler.js';
import { RecentIds } from '../inbound/recent-ids.js';
import { DEFAULT_HANDLER_TIMEOUT_MS } from '../inbound/reading-settings.js';
import { RecentSettler } from '../inbound/recent-settler.js';
import { RecordReader } from '../inbound/record-reader.js';
import type { OutcomeTally } from '../inbound/outcome-tally.js';
import type { Hear, SendStaged, Settler } from '../inbound/settler.js';
import type { StagedSender } from '../inbound/staged-sender.js';
import { handledBy } from './handles.js';
import type { ProcessorEnvironment } from './processor-environment.js';
import type { ProcessorSettings } from './processor-options.js';
import type { Processor } from './processor.js';

/** The methods of a processor, by what they handle. */
export type Handlers = ReadonlyMap<Contract, Handler<object>>;

export function handlersOf(instance: Processor): Handlers {
  const processor = instance as unknown as Record<string | symbol, Handler<object>>;
  const handlers = new Map<Contract, Handler<object>>();
  for (const { eventClass, method } of handledBy(instance.constructor as new () => Processor)) {
    handlers.set(contractOf(eventClass), (event, ctx) => processor[method]?.(event, ctx));
  }
  return handlers;
}

/** What the delivery of a processor is made of, beside what all of them share. */
export interface DeliveryParts {
  readonly handlers: Handlers;
  readonly group: string;
  readonly settings: ProcessorSettings;
  readonly sender: StagedSender;
  readonly tally: OutcomeTally;
  readonly onStuck: DeliveryOptions['onStuck'];
}

/** How the records of one processor are delivered: its handlers, its inbox, its error policy. */
export function deliveryOf(parts: DeliveryParts, environment: ProcessorEnvironment): Delivery {
  const { handlers, group, settings, tally, onStuck } = parts;
  const { registry, codec, topics, mappings, notices, publisher, resolve, source, store } = environment;
  const handled = byName([...handlers.keys()]);
  const origin = { group, processor: settings.name };
  const reader = new RecordReader({ wanted: (name) => handled.get(name) ?? [], registry, codec, topics, mappings });
  const tasks = new EventTasks(reader, handlers, {
    ...origin,
    source,
    hasStore: store !== undefined,
    publishes: new Set(settings.publishes),
    encode: (envelope) => publisher.encode(envelope),
    resolve,
    notices,
  });
  return new Delivery({
    taskOf: (record, counted) => tasks.of(record, counted),
    settler: settlerOf(parts, environment),
    policies: settings.onError ?? [],
    handlerTimeoutMs: settings.handlerTimeoutMs ?? DEFAULT_HANDLER_TIMEOUT_MS,
    origin,
    tally,
    notices,
    deadLetterTopic: (topic) => topics.deadLetter(topic),
    onStuck,
  });
}

function settlerOf({ group, sender }: DeliveryParts, { store, bus }: ProcessorEnvironment): Settler {
  const send: SendStaged = (record, scope) => sender.send(record, scope);
  const hear: Hear = ({ envelope }) => void bus.hear(envelope);
  return store === undefined ? new RecentSettler({ recent: new RecentIds(), send, hear }) : new InboxSettler({ group, store, send, hear });
}
