import { attachListeners } from '../bus/listens.js';
import type { EventBus } from '../bus/event-bus.js';
import type { Resolve } from '../bus/event-context.js';
import type { KafkaConfig } from '../config/kafka-config.js';
import type { EventClass } from '../event/contract.js';
import type { Processor, ProcessorClass } from '../processor/processor.js';
import type { Store } from '../store/store.js';
import type { Notices } from '../telemetry/notices.js';
import type { Begun } from './lifecycle.js';
import { dependencyFindings } from './wiring/dependency-findings.js';
import { refuse, type WiringFinding } from './wiring/finding.js';
import { classesOf } from './wiring/not-classes.js';
import { check, type ListenerClass, type Wiring } from './wiring/wiring.js';

/** `foreign`: every instance hears what other services publish. `all`: and what other instances of this one publish. */
export type Broadcast = 'foreign' | 'all';

/** What a service is made of. */
export interface ServiceParts {
  readonly config: KafkaConfig;
  /** Lets nothing out before `unlock`. */
  readonly bus: EventBus;
  unlock(): void;
  readonly notices: Notices;
  readonly store: Store | undefined;
  /** Whether every instance hears what comes in, and what other instances publish too. */
  readonly broadcast: Broadcast | undefined;
  readonly events: readonly EventClass[];
  readonly processors: readonly ProcessorClass[];
  readonly listeners: readonly ListenerClass[];
  /** What was wrong with the options of the module. */
  readonly findings: readonly WiringFinding[];
  /** Of the container. */
  readonly resolve: Resolve;
}

/**
 * Makes the singletons of the container and lets the listeners hear. Throws `WIRING_INVALID` with everything that is put
 * together wrongly; a notice tells what is probably not meant.
 */
export function assemble(parts: ServiceParts, begun: Begun): Processor[] {
  const { bus, notices, store, resolve } = parts;
  const findings = [...parts.findings, ...check(wiringOf(parts))];
  const make = <T extends object>(type: new (...args: never[]) => T): T[] => {
    try {
      return [resolve<T>(type)];
    } catch (error) {
      findings.push(...dependencyFindings(type, error, resolve, store !== undefined));
      return [];
    }
  };
  const processors = classesOf(parts.processors).flatMap(make<Processor>);
  const listeners = classesOf(parts.listeners).flatMap(make<object>);
  for (const { level, where, what, fix } of findings) {
    if (level === 'warning') notices.raise({ level: 'warn', code: 'WIRING_WARNING', message: `${where} ${what}; fix: ${fix}` });
  }
  refuse(findings);
  for (const listener of listeners) begun(attachListeners(bus, listener));
  return processors;
}

/** What is known of the application before anything of it is made. */
export function wiringOf({ events, processors, listeners, config, bus }: ServiceParts): Wiring {
  return { events, processors, listeners, topics: config.topics, isHeard: (eventClass) => bus.isHeard(eventClass) };
}
