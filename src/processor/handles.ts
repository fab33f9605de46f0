import type { Handler } from '../bus/event-context.js';
import type { EventClass } from '../event/contract.js';
import type { Processor } from './processor.js';

/** One `@Handles`. */
export interface HandledEvent {
  readonly eventClass: EventClass;
  readonly method: string | symbol;
}

const handled = new WeakMap<object, HandledEvent[]>();

/**
 * Marks the method of a processor that handles events of one class. The compiler refuses a method of another event, and
 * a class that is not a processor.
 */
export function Handles<E extends object>(
  event: EventClass<E>,
): <M extends Handler<E>>(target: Processor, method: string | symbol, descriptor: TypedPropertyDescriptor<M>) => void {
  return (target, method) => {
    const own = handled.get(target) ?? [];
    own.push({ eventClass: event, method });
    handled.set(target, own);
  };
}

/** What a processor class handles, its base classes' methods first; an overridden method counts once. */
export function handledBy(processorClass: abstract new (...args: never[]) => Processor): readonly HandledEvent[] {
  const found: HandledEvent[] = [];
  for (let at: object | null = processorClass.prototype as object; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    found.unshift(...(handled.get(at) ?? []));
  }
  return found.filter(
    (one, index) => found.findIndex(({ eventClass, method }) => eventClass === one.eventClass && method === one.method) === index,
  );
}
