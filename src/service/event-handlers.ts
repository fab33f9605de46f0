import type { EventBus } from '../bus/event-bus.js';
import type { EventContext } from '../bus/event-context.js';
import { insteadOf, nearest } from '../config/nearest.js';
import { BusbarError } from '../errors.js';
import type { Contract } from '../event/contract.js';
import type { EventRegistry } from '../event/event-registry.js';

/** A listener that hears events by name, as plain data. */
export type DataHandler = (data: Record<string, unknown>, ctx: EventContext) => void | Promise<void>;

export interface EventHandlerOptions {
  /** Default: every registered version; `ctx.metadata.version` says which one it is. */
  readonly version?: number | undefined;
  /** Higher ones hear first. Default: 0. */
  readonly priority?: number | undefined;
}

const OPTIONS: readonly string[] = ['version', 'priority'] satisfies (keyof EventHandlerOptions)[];

/** Lets `handler` hear the registered events of a name. Returns the unsubscriber. Throws `ARGUMENT_INVALID`, `EVENT_UNKNOWN`, `VERSION_UNSUPPORTED`. */
export function subscribeByName(
  bus: EventBus,
  registry: EventRegistry,
  name: string,
  handler: DataHandler,
  options: EventHandlerOptions = {},
): () => void {
  refuseNonsense(name, handler, options);
  const { version, priority } = options;
  const unsubscribers = contractsOf(registry, name, version).map((contract) => {
    // The name of the function is the name of the listener in errors and notices.
    const listener = handler.name || `the handler of ${name}`;
    const { [listener]: hear } = { [listener]: (event: object, ctx: EventContext) => handler(contract.toData(event), ctx) };
    return bus.subscribe(contract.eventClass, hear!, { priority });
  });
  return () => {
    for (const unsubscribe of unsubscribers) unsubscribe();
  };
}

/** What plain JavaScript may pass would be found out when the first event comes. */
function refuseNonsense(name: unknown, handler: unknown, options: unknown): void {
  const problems: string[] = [];
  if (typeof name !== 'string') problems.push('the first argument must be the name of an event');
  if (typeof handler !== 'function') problems.push('the second argument must be the handler, a function of the data');
  if (typeof options !== 'object' || options === null) problems.push('options must be an object');
  else {
    for (const option of Object.keys(options))
      if (!OPTIONS.includes(option)) problems.push(`${option} is no option: ${insteadOf(option, OPTIONS)}`);
  }
  if (problems.length > 0) throw new BusbarError('ARGUMENT_INVALID', `nothing is heard: ${problems.join('; ')}`);
}

function contractsOf(registry: EventRegistry, name: string, version: number | undefined): Contract[] {
  const named = registry.named(name);
  if (named.length === 0) throw unknownEvent(registry, name);
  if (version === undefined) return named;
  const found = named.filter((contract) => contract.version === version);
  if (found.length > 0) return found;
  const known = named.map((contract) => contract.version).join(', ');
  throw new BusbarError('VERSION_UNSUPPORTED', `${name} version ${version} is not registered; there is version ${known}`);
}

/** `EVENT_UNKNOWN` with what may have been meant. */
export function unknownEvent(registry: EventRegistry, name: string): BusbarError {
  const names = [...new Set(registry.contracts().map((contract) => contract.name))].toSorted();
  const meant = nearest(name, names);
  const fix = meant === undefined ? `there are ${names.join(', ') || 'none'}` : `did you mean '${meant}'?`;
  return new BusbarError('EVENT_UNKNOWN', `no registered event is named '${name}': ${fix}`);
}
