import { nearest } from '../config/nearest.js';
import type { TopicSettings } from '../config/topic-settings.js';
import { BusbarError } from '../errors.js';
import { contractOf } from '../event/contract-of.js';
import type { Contract, EventClass } from '../event/contract.js';
import { EventRegistry } from '../event/event-registry.js';
import { handledBy } from '../processor/handles.js';
import { settingsOf } from '../processor/processor-options.js';
import type { ProcessorClass } from '../processor/processor.js';

/** How an application is put together. */
export interface Wiring {
  readonly events: readonly EventClass[];
  readonly processors: readonly ProcessorClass[];
  readonly topics: Readonly<Record<string, TopicSettings>>;
}

/** What the compiler cannot catch and would not work, each with its fix. Nothing is connected for it. */
export function wiringFindings(wiring: Wiring): string[] {
  return [
    ...eventFindings(wiring),
    ...processorNameFindings(wiring),
    ...wiring.processors.flatMap((processor) => processorFindings(processor, wiring)),
  ];
}

/** Throws `WIRING_INVALID` with all of them, when there are any. */
export function refuse(findings: readonly string[]): void {
  if (findings.length === 0) return;
  const count = findings.length === 1 ? 'one thing is' : `${findings.length} things are`;
  throw new BusbarError(
    'WIRING_INVALID',
    `${count} wrong:${findings.map((finding) => `\n  - ${finding.replaceAll('\n', '\n    ')}`).join('')}`,
  );
}

function eventFindings({ events, topics }: Wiring): string[] {
  const findings = registryFindings(events);
  for (const eventClass of new Set(events)) {
    const contract = contractOrFinding(eventClass);
    if (typeof contract === 'string' || contract.direction === 'local') continue;
    if (topics[contract.topic] === undefined) findings.push(unknownTopic(eventClass, contract.topic, topics));
  }
  return findings;
}

function registryFindings(events: readonly EventClass[]): string[] {
  try {
    void new EventRegistry(events);
    return [];
  } catch (error) {
    if (!(error instanceof BusbarError)) throw error;
    return error.cause instanceof AggregateError ? error.cause.errors.map((one) => (one as Error).message) : [error.message];
  }
}

function unknownTopic({ name }: EventClass, topic: string, topics: Wiring['topics']): string {
  const meant = nearest(topic, Object.keys(topics));
  const fix =
    meant === undefined
      ? 'add it to `topics` in code or in the configuration file'
      : `did you mean '${meant}'? Otherwise add it to \`topics\``;
  return `${name} is on topic '${topic}', which is not configured: ${fix}`;
}

function processorNameFindings({ processors }: Wiring): string[] {
  const byName = new Map<string, ProcessorClass>();
  const findings: string[] = [];
  for (const processor of processors) {
    const name = settingsOf(processor)?.name;
    if (name === undefined) continue;
    const other = byName.get(name);
    if (other === processor) findings.push(`${processor.name} is listed twice in \`processors\`: remove one`);
    else if (other !== undefined)
      findings.push(`${processor.name} and ${other.name} are both named '${name}': a name is a consumer group, give one of them another`);
    byName.set(name, processor);
  }
  return findings;
}

function processorFindings(processor: ProcessorClass, { events }: Wiring): string[] {
  const findings: string[] = [];
  const settings = settingsOf(processor);
  if (settings === undefined) findings.push(`${processor.name} has no name: add @ProcessorOptions({ name: '…' })`);
  const handled = handledBy(processor);
  if (handled.length === 0)
    findings.push(`${processor.name} handles nothing: mark a method with @Handles(EventClass), or remove it from \`processors\``);

  const methods = new Map<EventClass, string>();
  for (const { eventClass, method } of handled) {
    const at = `${processor.name}.${String(method)}`;
    const first = methods.get(eventClass);
    if (first !== undefined)
      findings.push(`${first} and ${at} both handle ${eventClass.name}: a processor has one handler for an event; call one from the other`);
    else findings.push(...handlerFindings(at, eventClass, events));
    methods.set(eventClass, at);
  }
  for (const published of settings?.publishes ?? []) {
    if (!events.includes(published)) findings.push(`${processor.name} publishes ${published.name}, which is not in \`events\`: add it`);
  }
  return findings;
}

function handlerFindings(at: string, eventClass: EventClass, events: readonly EventClass[]): string[] {
  // One that is in `events` and is no event has its finding there.
  if (!events.includes(eventClass)) {
    const contract = contractOrFinding(eventClass);
    return [typeof contract === 'string' ? `${at}: ${contract}` : `${at} handles ${eventClass.name}, which is not in \`events\`: add it`];
  }
  const contract = contractOrFinding(eventClass);
  if (typeof contract === 'string' || contract.direction !== 'local') return [];
  return [
    `${at} handles ${eventClass.name}, which never leaves the process (direction 'local'): use @Listens, or give it another direction`,
  ];
}

function contractOrFinding(eventClass: EventClass): Contract | string {
  try {
    return contractOf(eventClass);
  } catch (error) {
    if (!(error instanceof BusbarError)) throw error;
    return error.message;
  }
}
