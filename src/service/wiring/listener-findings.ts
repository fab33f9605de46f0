import { listenedBy } from '../../bus/listens.js';
import type { WiringFinding } from './finding.js';
import { classesOf, listedTwice, notClasses } from './not-classes.js';
import { unregistered } from './processor-findings.js';
import type { Wiring } from './wiring.js';

/** What is wrong with the classes of `listeners`. */
export function listenerFindings({ listeners, events }: Wiring): WiringFinding[] {
  return [
    ...notClasses('listeners', listeners),
    ...listedTwice('listeners', listeners),
    ...classesOf(listeners).flatMap((listener): WiringFinding[] => {
      const heard = listenedBy(listener);
      if (heard.length === 0) {
        const fix = 'mark a method with @Listens(EventClass), or remove it from `listeners`';
        return [{ level: 'error', where: listener.name, what: 'listens to nothing', fix }];
      }
      return heard
        .filter(({ eventClass }) => !events.includes(eventClass))
        .map(({ eventClass, method }) => unregistered(`${listener.name}.${String(method)}`, 'listens to', eventClass));
    }),
  ];
}
