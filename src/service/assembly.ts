import { attachListeners } from '../bus/listens.js';
import type { EventBus } from '../bus/event-bus.js';
import type { Resolve } from '../bus/event-context.js';
import type { KafkaConfig } from '../config/kafka-config.js';
import type { EventClass } from '../event/contract.js';
import type { Processor, ProcessorClass } from '../processor/processor.js';
import type { Store } from '../store/store.js';
import type { Notices } from '../telemetry/notices.js';
import type { Begun } from './lifecycle.js';
import { TOKENS } from './tokens.js';
import { refuse, wiringFindings } from './wiring.js';

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
  readonly listeners: readonly (new (...args: never[]) => object)[];
  /** Of the container. */
  readonly resolve: Resolve;
}

/**
 * Makes the singletons of the container and lets the listeners hear. Throws `WIRING_INVALID` with everything that is put
 * together wrongly.
 */
export function assemble({ config, bus, events, processors, listeners, store, resolve }: ServiceParts, begun: Begun): Processor[] {
  const findings = wiringFindings({ events, processors, topics: config.topics });
  const attempt = <T>(work: () => T, failure: string): T[] => {
    try {
      return [work()];
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const needsStore = store === undefined && reason.includes(String(TOKENS.Store));
      findings.push(`${failure}: ${needsStore ? 'it needs a store, and there is none: pass `store` to kafkaModule' : reason}`);
      return [];
    }
  };
  const make = <T>(type: new (...args: never[]) => T): T[] => attempt(() => resolve<T>(type), `${type.name} cannot be made`);
  const made = processors.flatMap((type) => make(type));
  const heard = listeners.flatMap((type) => make(type)).flatMap((one) => attempt(() => attachListeners(bus, one), one.constructor.name));
  for (const detach of heard) begun(detach);
  refuse(findings);
  return made;
}
