import { listenedBy } from '../../bus/listens.js';
import type { Contract, EventClass } from '../../event/contract.js';
import { handledBy } from '../../processor/handles.js';
import { settingsOf } from '../../processor/processor-options.js';
import type { ProcessorClass } from '../../processor/processor.js';
import { contractsOf } from './event-findings.js';
import type { WiringFinding } from './finding.js';
import { classesOf } from './not-classes.js';
import type { Wiring } from './wiring.js';

/** What works and is probably not meant: events that come for nobody, and events that cause each other for ever. */
export function flowFindings(wiring: Wiring): WiringFinding[] {
  return [...orphanFindings(wiring), ...circleFindings(classesOf(wiring.processors))];
}

/**
 * An event that comes in and that nobody here wants. One that may go out as well is an orphan only where a processor
 * reads its topic anyway: there it arrives and is ignored. On a topic that nobody here reads, this service is the one
 * that publishes it, and that needs no reader here.
 */
function orphanFindings({ events, processors, listeners, isHeard }: Wiring): WiringFinding[] {
  const contracts = contractsOf(events);
  const handled = new Set(classesOf(processors).flatMap(handledClasses));
  const heard = new Set(classesOf(listeners).flatMap((listener) => listenedBy(listener).map(({ eventClass }) => eventClass)));
  const published = new Set(classesOf(processors).flatMap(publishedClasses));
  const readTopics = new Set(contracts.filter(({ eventClass }) => handled.has(eventClass)).map(({ topic }) => topic));
  const isWanted = (eventClass: EventClass): boolean => handled.has(eventClass) || heard.has(eventClass) || isHeard(eventClass);
  return contracts.flatMap(({ eventClass, direction, topic }: Contract): WiringFinding[] => {
    if (isWanted(eventClass) || direction === 'out' || direction === 'local') return [];
    const { name } = eventClass;
    const handleIt = `handle it with @Handles(${name}) or hear it with @Listens(${name})`;
    if (direction === 'in') {
      const what = "comes from outside only (direction 'in'), and nobody here handles it or listens to it";
      return [{ level: 'warning', where: name, what, fix: `${handleIt}; or remove it from \`events\`` }];
    }
    if (published.has(eventClass) || !readTopics.has(topic)) return [];
    const what = `comes in on topic '${topic}', which processors here read, and nobody here handles it or listens to it`;
    return [{ level: 'warning', where: name, what, fix: `${handleIt}; if this service only publishes it, give it direction: 'out'` }];
  });
}

/** One circle for each processor that can come back to itself; those that a circle before has named are not told again. */
function circleFindings(processors: readonly ProcessorClass[]): WiringFinding[] {
  const told = new Set<ProcessorClass>();
  return processors.flatMap((start): WiringFinding[] => {
    if (told.has(start)) return [];
    const circle = shortestCircle(start, processors);
    if (circle === undefined) return [];
    for (const { processor } of circle) told.add(processor);
    const steps = circle.map(({ processor, publishes }) =>
      processor === start ? `it publishes ${publishes.name}` : `${processor.name} handles that and publishes ${publishes.name}`,
    );
    return [
      {
        level: 'warning',
        where: start.name,
        what: `goes in a circle: ${steps.join(', ')}, which ${start.name} handles`,
        fix: 'see to it that one of the handlers ends the circle; if one of them never publishes its event, take it out of `publishes`',
      },
    ];
  });
}

interface Step {
  readonly processor: ProcessorClass;
  /** What it publishes that the next one handles. */
  readonly publishes: EventClass;
}

/** Breadth first: from a processor over what is published and handled back to it. */
function shortestCircle(start: ProcessorClass, processors: readonly ProcessorClass[]): readonly Step[] | undefined {
  const seen = new Set<ProcessorClass>();
  let paths: { readonly at: ProcessorClass; readonly steps: readonly Step[] }[] = [{ at: start, steps: [] }];
  while (paths.length > 0) {
    const longer: typeof paths = [];
    for (const { at, steps } of paths) {
      for (const publishes of publishedClasses(at)) {
        for (const next of processors.filter((processor) => handledClasses(processor).includes(publishes))) {
          const taken = [...steps, { processor: at, publishes }];
          if (next === start) return taken;
          if (seen.has(next)) continue;
          seen.add(next);
          longer.push({ at: next, steps: taken });
        }
      }
    }
    paths = longer;
  }
  return undefined;
}

const handledClasses = (processor: ProcessorClass): EventClass[] => handledBy(processor).map(({ eventClass }) => eventClass);
const publishedClasses = (processor: ProcessorClass): readonly EventClass[] => classesOf(settingsOf(processor)?.publishes ?? []);
