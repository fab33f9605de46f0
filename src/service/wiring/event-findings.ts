import { nearest } from '../../config/nearest.js';
import { contractOf } from '../../event/contract-of.js';
import type { Contract, EventClass } from '../../event/contract.js';
import { definitionOf } from '../../event/definition.js';
import { problemsOf } from '../../event/definition-probe.js';
import type { WiringFinding } from './finding.js';
import { classesOf, notClasses } from './not-classes.js';
import type { Wiring } from './wiring.js';

/** What is wrong with the events themselves. */
export function eventFindings({ events, topics }: Wiring): WiringFinding[] {
  const contracts = contractsOf(events);
  return [
    ...notClasses('events', events),
    ...classesOf(events).flatMap(definitionFindings),
    ...twinFindings(contracts),
    ...contracts.flatMap((contract) => topicFindings(contract, topics)),
    ...contracts.flatMap((contract) => keyFindings(contract, contracts)),
  ];
}

/** The contracts of those that are events, each once, in their order. */
export function contractsOf(events: readonly EventClass[]): Contract[] {
  return classesOf(events).filter(isEvent).map(contractOf);
}

/** Whether the class is marked as an event and can be carried. */
export function isEvent(eventClass: EventClass): boolean {
  const definition = definitionOf(eventClass);
  return definition !== undefined && problemsOf(eventClass, definition).length === 0;
}

function definitionFindings(eventClass: EventClass): WiringFinding[] {
  const definition = definitionOf(eventClass);
  const where = eventClass.name || 'a class without a name';
  if (definition === undefined) return [undecorated(where, 'is in `events` and is no event', eventClass)];
  return problemsOf(eventClass, definition).map(({ what, fix }) => ({
    level: 'error',
    where,
    what: `cannot be carried: ${what}`,
    fix,
  }));
}

/** A class that is used as an event and is none. */
export function undecorated(where: string, what: string, { name }: EventClass): WiringFinding {
  return {
    level: 'error',
    where,
    what,
    fix: `decorate ${name === '' ? 'it' : `the class ${name} itself`} with @DomainEvent({ name: '…', topic: '…' })`,
  };
}

function twinFindings(contracts: readonly Contract[]): WiringFinding[] {
  return contracts.flatMap(({ eventClass, name, version }, index): WiringFinding[] => {
    const twin = contracts.slice(0, index).find((other) => other.name === name && other.version === version);
    if (twin === undefined) return [];
    const what = `has the name and version of ${twin.eventClass.name}: ${name}, version ${version}`;
    return [{ level: 'error', where: eventClass.name, what, fix: 'rename one of them, or raise its version' }];
  });
}

function topicFindings({ eventClass, topic, direction }: Contract, topics: Wiring['topics']): WiringFinding[] {
  if (direction === 'local' || topics[topic] !== undefined) return [];
  const meant = nearest(topic, Object.keys(topics));
  const add = `add '${topic}' to \`topics\` of the configuration, in code or in the file`;
  return [
    {
      level: 'error',
      where: eventClass.name,
      what: `is on topic '${topic}', which is not configured`,
      fix: meant === undefined ? add : `did you mean '${meant}'? Otherwise ${add}`,
    },
  ];
}

/** Where others on the topic have a key, this one would go to any partition, and its place among them would be lost. */
function keyFindings({ eventClass, topic, direction, isKeyed, fields }: Contract, contracts: readonly Contract[]): WiringFinding[] {
  // The key of what comes in only is the business of whoever sends it.
  if (isKeyed || direction === 'local' || direction === 'in') return [];
  const keyed = contracts.find((other) => other.topic === topic && other.isKeyed && other.direction !== 'local');
  if (keyed === undefined) return [];
  const what = `has no key, and ${keyed.eventClass.name} on the same topic '${topic}' has one: the two would have no order`;
  const key = definitionOf(keyed.eventClass)?.key;
  const hasField = typeof key !== 'string' || fields.includes(key);
  const add = `${hasField ? '' : `give it a field ${key} and `}write \`key: ${typeof key === 'string' ? `'${key}'` : '…'}\` in its @DomainEvent`;
  return [{ level: 'error', where: eventClass.name, what, fix: `${add}, or put ${eventClass.name} on a topic of its own` }];
}
