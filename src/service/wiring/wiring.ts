import type { TopicSettings } from '../../config/topic-settings.js';
import type { EventClass } from '../../event/contract.js';
import type { ProcessorClass } from '../../processor/processor.js';
import { eventFindings } from './event-findings.js';
import type { WiringFinding } from './finding.js';
import { flowFindings } from './flow-findings.js';
import { listenerFindings } from './listener-findings.js';
import { processorFindings } from './processor-findings.js';

/** A class with `@Listens` methods. */
export type ListenerClass = new (...args: never[]) => object;

/** How an application is put together: what the check looks at, and what the map shows. */
export interface Wiring {
  readonly events: readonly EventClass[];
  readonly processors: readonly ProcessorClass[];
  readonly listeners: readonly ListenerClass[];
  readonly topics: Readonly<Record<string, TopicSettings>>;
  /** Whether a function listens to the events of this class. */
  isHeard(eventClass: EventClass): boolean;
}

/**
 * What the compiler cannot catch, each with its fix: errors first, in the order in which the application lists its
 * classes. Makes nothing and connects nothing.
 */
export function check(wiring: Wiring): WiringFinding[] {
  return [...eventFindings(wiring), ...processorFindings(wiring), ...listenerFindings(wiring), ...flowFindings(wiring)];
}
