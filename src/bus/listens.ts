import { BusbarError } from '../errors.js';
import type { EventClass } from '../event/contract.js';
import type { EventBus, SubscribeOptions } from './event-bus.js';
import type { Handler } from './event-context.js';

/** One `@Listens`. */
export interface ListeningMethod {
  readonly method: string | symbol;
  readonly eventClass: EventClass;
  readonly options: SubscribeOptions;
}

const listeningMethods = new WeakMap<object, ListeningMethod[]>();

/** Makes a method a listener: it hears events of this class once its object is attached to a bus. */
export function Listens<E extends object>(
  event: EventClass<E>,
  options: Omit<SubscribeOptions, 'once'> = {},
): <M extends Handler<E>>(target: object, method: string | symbol, descriptor: TypedPropertyDescriptor<M>) => void {
  return (target, method) => {
    const methods = listeningMethods.get(target) ?? [];
    listeningMethods.set(target, [...methods, { method, eventClass: event, options }]);
  };
}

/**
 * Subscribes every `@Listens` method of an object, inherited ones too. Returns what unsubscribes them all. Throws
 * `WIRING_INVALID` for an object without such a method.
 */
export function attachListeners(bus: EventBus, instance: object): () => void {
  const methods = methodsOf(instance);
  const className = instance.constructor.name;
  if (methods.length === 0) {
    throw new BusbarError('WIRING_INVALID', `${className} listens to nothing: decorate a method with @Listens(EventClass)`);
  }
  const unsubscribers = methods.map(({ method, eventClass, options }) => {
    const name = `${className}.${String(method)}`;
    // The name of the function is the name of the listener in errors and notices.
    const { [name]: handler } = {
      [name]: (...args: Parameters<Handler<object>>) => (instance as Record<string | symbol, Handler<object>>)[method]?.(...args),
    };
    return bus.subscribe(eventClass, handler as Handler<object>, options);
  });
  return () => {
    for (const unsubscribe of unsubscribers) unsubscribe();
  };
}

/**
 * What a class listens to, with the classes it extends, the bases first; a method that is decorated again counts once,
 * as it was last.
 */
export function listenedBy(listenerClass: abstract new (...args: never[]) => object): readonly ListeningMethod[] {
  return methodsOf(listenerClass.prototype as object);
}

function methodsOf(prototypeOrInstance: object): ListeningMethod[] {
  const methods = new Map<string | symbol, Map<EventClass, ListeningMethod>>();
  for (const prototype of chainOf(prototypeOrInstance)) {
    for (const each of listeningMethods.get(prototype) ?? []) {
      const events = methods.get(each.method) ?? new Map<EventClass, ListeningMethod>();
      methods.set(each.method, events.set(each.eventClass, each));
    }
  }
  return [...methods.values()].flatMap((events) => [...events.values()]);
}

function chainOf(one: object | null): object[] {
  return one === null ? [] : [...chainOf(Object.getPrototypeOf(one) as object | null), one];
}
