import { ContainerModule, type ContainerModuleLoadOptions, type Newable, type ResolutionContext } from 'inversify';

import { EventBus } from '../bus/event-bus.js';
import type { Resolve } from '../bus/event-context.js';
import type { KafkaConfig } from '../config/kafka-config.js';
import type { EventClass } from '../event/contract.js';
import { sourceOf } from '../event/source.js';
import type { ProcessorClass } from '../processor/processor.js';
import type { Store } from '../store/store.js';
import { Notices } from '../telemetry/notices.js';
import type { Broadcast } from './assembly.js';
import { KafkaClient } from './client/kafka-client.js';
import { systemClock } from './clock.js';
import { keepShut } from './closed-outlet.js';
import { KafkaService } from './kafka-service.js';
import type { LifecycleState } from './lifecycle.js';
import { TOKENS } from './tokens.js';
import { refuse, type WiringFinding } from './wiring/finding.js';
import { classesOf } from './wiring/not-classes.js';
import { listFindings, optionFindings } from './wiring/option-findings.js';
import type { ListenerClass } from './wiring/wiring.js';

const ACTIVE: ReadonlySet<LifecycleState> = new Set(['starting', 'running', 'stopping']);

/** What an application consists of. */
export interface KafkaModuleOptions {
  readonly config: KafkaConfig;
  /** Every event class that the application publishes, hears or handles. */
  readonly events: readonly EventClass[];
  readonly processors?: readonly ProcessorClass[] | undefined;
  /** Classes with `@Listens` methods. */
  readonly listeners?: readonly ListenerClass[] | undefined;
  /** Without one, effects are at least once, and duplicates are recognised for a while only. */
  readonly store?: Store | undefined;
  /**
   * Lets the listeners of every instance hear what comes in, instead of those of one: `foreign`, what other services
   * publish; `all`, also what other instances of this service publish. Not durable: an instance hears what comes while
   * it runs. Default: one instance hears each foreign event, and none is missed.
   */
  readonly broadcast?: Broadcast | undefined;
}

const OPTIONS = Object.keys({
  config: true,
  events: true,
  processors: true,
  listeners: true,
  store: true,
  broadcast: true,
} satisfies Record<keyof KafkaModuleOptions, true>);

/**
 * The module for the application's container, e.g. `container.load(kafkaModule({ … }))`; then
 * `container.get(KafkaService).start()`. It binds `TOKENS` and the classes `EventBus`, `KafkaService` and `KafkaClient`; processors and
 * listeners become singletons, unless the container has a binding of its own for them. `await
 * container.unbindAllAsync()` stops the service. Throws `WIRING_INVALID` without a `KafkaConfig`, and for lists that are none; everything else that is
 * put together wrongly is told when the service starts.
 */
export function kafkaModule(options: KafkaModuleOptions): ContainerModule {
  // Plain JavaScript may have left them out or mistyped them, and is told so.
  const given = (options as Partial<KafkaModuleOptions> | undefined) ?? {};
  const { events = [], processors = [], listeners = [], store } = given;
  const config = given.config as KafkaConfig;
  const findings = optionFindings('kafkaModule', given, OPTIONS);
  const unusable = [...configFindings(config), ...listFindings('kafkaModule', { events, processors, listeners })];
  if (unusable.length > 0) refuse([...findings, ...unusable]);
  return new ContainerModule((container) => {
    const { bind } = container;
    bind(TOKENS.Config).toConstantValue(config);
    bind(TOKENS.Clock).toConstantValue(systemClock);
    bind(TOKENS.Notices).toConstantValue(new Notices());
    if (store !== undefined) bind(TOKENS.Store).toConstantValue(store);
    for (const type of classesOf<object>([...processors, ...listeners])) bindSingleton(container, type as Newable<object>);

    let unlock = (): void => undefined;
    bind(EventBus)
      .toDynamicValue((context) => {
        const { serviceName, deliveryTimeoutMs } = config;
        const notices = context.get<Notices>(TOKENS.Notices);
        const bus = new EventBus({ source: sourceOf(serviceName), deliveryTimeoutMs, notices, resolve: resolverOf(context) });
        unlock = keepShut(bus);
        return bus;
      })
      .inSingletonScope();
    bind(TOKENS.EventBus).toService(EventBus);

    bind(KafkaClient).toDynamicValue((context) => context.get(KafkaService).client);
    bind(KafkaService)
      .toDynamicValue((context) => {
        const bus = context.get(EventBus);
        const notices = context.get<Notices>(TOKENS.Notices);
        const resolve = resolverOf(context);
        return new KafkaService({
          config,
          bus,
          unlock: () => unlock(),
          notices,
          store,
          broadcast: given.broadcast,
          events,
          processors,
          listeners,
          findings,
          resolve,
        });
      })
      .inSingletonScope()
      // Without a promise where there is nothing to stop, so that `unbindAll()` works there too.
      .onDeactivation((service) => (ACTIVE.has(service.state) ? service.stop() : undefined));
  });
}

/** Asked for what it can and not for its class: two copies of this package in one process mean the same thing. */
function configFindings(config: unknown): WiringFinding[] {
  if (typeof (config as Partial<KafkaConfig> | null | undefined)?.tls === 'function') return [];
  const isObject = typeof config === 'object' && config !== null;
  const what = isObject ? 'was given a `config` that is not checked: a plain object' : 'was given no `config`';
  const fix = isObject
    ? 'make a configuration of it: config: KafkaConfig.from({ … })'
    : 'pass the configuration, e.g. config: KafkaConfig.fromEnv()';
  return [{ level: 'error', where: 'kafkaModule', what, fix }];
}

/** Inversify's context stays usable: every `get` is a request of its own. */
function resolverOf(context: ResolutionContext): Resolve {
  return (token) => context.get(token as Newable<never>);
}

/** Inversify refuses a class without its decorators at once; here it is one finding among others when the service starts. */
function bindSingleton({ bind, isBound }: ContainerModuleLoadOptions, type: Newable<object>): void {
  if (isBound(type)) return;
  try {
    bind(type).toSelf().inSingletonScope();
  } catch (error) {
    bind(type).toDynamicValue(() => {
      throw error;
    });
  }
}
