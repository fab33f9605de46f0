import { contractOf } from '../../event/contract-of.js';
import type { EventClass } from '../../event/contract.js';
import { definitionOf } from '../../event/definition.js';
import { handledBy } from '../../processor/handles.js';
import { settingsOf } from '../../processor/processor-options.js';
import type { ProcessorClass } from '../../processor/processor.js';
import { isEvent, undecorated } from './event-findings.js';
import type { WiringFinding } from './finding.js';
import { classesOf, listedTwice, notClass, notClasses } from './not-classes.js';
import type { Wiring } from './wiring.js';

/** The group of the mirror is named so. */
const BRIDGE = 'bridge';

/** What is wrong with the processors. */
export function processorFindings(wiring: Wiring): WiringFinding[] {
  const processors = classesOf(wiring.processors);
  return [
    ...notClasses('processors', wiring.processors),
    ...listedTwice('processors', wiring.processors),
    ...processors.flatMap((processor) => [
      ...nameFindings(processor, processors),
      ...handlerFindings(processor, wiring.events),
      ...publishesFindings(processor, wiring.events),
    ]),
  ];
}

/** An event that the application uses and did not register. */
export function unregistered(where: string, uses: string, eventClass: EventClass): WiringFinding {
  if (typeof eventClass !== 'function') return notClass(where, uses, eventClass);
  const { name } = eventClass;
  if (definitionOf(eventClass) === undefined) return undecorated(where, `${uses} ${name}, which is no event`, eventClass);
  return { level: 'error', where, what: `${uses} ${name}, which is not in \`events\``, fix: `add ${name} to \`events\` of kafkaModule` };
}

function nameFindings(processor: ProcessorClass, processors: readonly ProcessorClass[]): WiringFinding[] {
  const where = processor.name;
  const name = settingsOf(processor)?.name;
  if (name === undefined) return [{ level: 'error', where, what: 'has no name', fix: "add @ProcessorOptions({ name: '…' }) to the class" }];
  if (name === BRIDGE) {
    const what = `is named '${BRIDGE}', and that consumer group belongs to the bridge`;
    return [{ level: 'error', where, what, fix: 'give it another name in @ProcessorOptions' }];
  }
  const first = processors.find((other) => settingsOf(other)?.name === name);
  if (first === undefined || first === processor) return [];
  const what = `is named '${name}', as ${first.name} is, and a name is a consumer group`;
  return [{ level: 'error', where, what, fix: 'give one of them another name in @ProcessorOptions' }];
}

function handlerFindings(processor: ProcessorClass, events: readonly EventClass[]): WiringFinding[] {
  const handled = handledBy(processor);
  if (handled.length === 0) {
    const fix = 'mark a method with @Handles(EventClass), or remove it from `processors`';
    return [{ level: 'error', where: processor.name, what: 'handles nothing', fix }];
  }
  return handled.flatMap(({ eventClass, method }, index): WiringFinding[] => {
    const where = `${processor.name}.${String(method)}`;
    const first = handled.slice(0, index).find((other) => other.eventClass === eventClass);
    if (first !== undefined && typeof eventClass === 'function') {
      const what = `handles ${eventClass.name}, and ${processor.name}.${String(first.method)} does so already`;
      return [{ level: 'error', where, what, fix: 'keep one of them, and let it call the other' }];
    }
    if (!events.includes(eventClass)) return [unregistered(where, 'handles', eventClass)];
    if (!isEvent(eventClass) || contractOf(eventClass).direction !== 'local') return [];
    const what = `handles ${eventClass.name}, which never leaves the process (direction 'local')`;
    return [{ level: 'error', where, what, fix: 'hear it with @Listens in a listener class, or give it another direction' }];
  });
}

function publishesFindings(processor: ProcessorClass, events: readonly EventClass[]): WiringFinding[] {
  const where = processor.name;
  return [...new Set(settingsOf(processor)?.publishes)].flatMap((eventClass): WiringFinding[] => {
    if (!events.includes(eventClass)) return [unregistered(where, 'publishes', eventClass)];
    if (!isEvent(eventClass)) return [];
    const { direction } = contractOf(eventClass);
    const { name } = eventClass;
    if (direction === 'in') {
      const what = `publishes ${name}, which comes from outside only (direction 'in')`;
      return [{ level: 'error', where, what, fix: 'remove it from `publishes`, or give it another direction' }];
    }
    if (direction !== 'local') return [];
    const what = `publishes ${name}, which never leaves the process (direction 'local') and cannot wait for a handler's success`;
    return [{ level: 'error', where, what, fix: 'remove it from `publishes` and publish it on the bus, or give it another direction' }];
  });
}
