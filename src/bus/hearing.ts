import type { Envelope } from '../event/envelope.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import { withAmbient, type Ambient } from './ambient.js';
import type { Consequences } from './consequences.js';
import type { EventMeter } from './event-meters.js';
import { ListenerContext, type ListenerSurroundings } from './listener-context.js';
import type { Listener } from './listeners.js';
import { ListenerError } from './receipt.js';

const NO_ERRORS: readonly ListenerError[] = [];

/**
 * One event told to its listeners. They are started in the order of their priority; what one of them awaits does not hold
 * up the next, and all are awaited together until the deadline. Whatever they do, it neither throws nor rejects.
 */
export class Hearing implements Ambient {
  /** The event that is told. */
  readonly cause: Envelope;
  readonly consequences: Consequences | undefined;
  readonly #surroundings: ListenerSurroundings;
  #errors: ListenerError[] | undefined;
  #running: Map<Listener, ListenerContext> | undefined;
  readonly #meter: EventMeter;
  #isOver = false;

  constructor(envelope: Envelope, surroundings: ListenerSurroundings, meter: EventMeter, consequences?: Consequences) {
    this.cause = envelope;
    this.#surroundings = surroundings;
    this.#meter = meter;
    this.consequences = consequences;
  }

  /** `deadline` is in ms since 1970. Answers at once when no listener has to be awaited. */
  run(listeners: readonly Listener[], deadline: number): MaybePromise<readonly ListenerError[]> {
    // An asynchronous context costs every promise of the process a little once it was used.
    if (listeners.length === 0) return NO_ERRORS;
    const pending = withAmbient(this, () => this.#start(listeners));
    if (pending !== undefined) return this.#finish(pending, deadline);
    return this.consequences?.areUnderWay === true ? this.#finish([], deadline) : (this.#errors ?? NO_ERRORS);
  }

  #start(listeners: readonly Listener[]): Promise<void>[] | undefined {
    let pending: Promise<void>[] | undefined;
    for (const listener of listeners) {
      if (!listener.active) continue;
      this.#meter.heard++;
      const context = new ListenerContext(this.cause, listener.name, this.#surroundings, this.consequences);
      let result: void | Promise<void> = undefined;
      try {
        const { handler } = listener;
        result = handler(this.cause.event, context);
      } catch (error) {
        this.#fail(listener, error);
      }
      if (isPromise(result) || context.hasDepartures) (pending ??= []).push(this.#await(listener, context, result));
    }
    return pending;
  }

  async #await(listener: Listener, context: ListenerContext, result: void | Promise<void>): Promise<void> {
    this.#running ??= new Map();
    this.#running.set(listener, context);
    try {
      await result;
    } catch (error) {
      this.#fail(listener, error);
    }
    while (context.hasDepartures) {
      for (const departure of await Promise.allSettled(context.takeDepartures())) {
        if (departure.status === 'rejected') this.#fail(listener, departure.reason);
      }
    }
    this.#running.delete(listener);
  }

  async #finish(pending: readonly Promise<void>[], deadline: number): Promise<readonly ListenerError[]> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, deadline - Date.now()));
    });
    await Promise.race([this.#ended(pending), timeout]);
    clearTimeout(timer);
    for (const [listener, context] of this.#running ?? []) {
      const error = new ListenerError('LISTENER_TIMEOUT', listener.name, this.cause);
      this.#report(error);
      context.timeOut(error);
    }
    this.#isOver = true;
    return this.#errors ?? NO_ERRORS;
  }

  async #ended(pending: readonly Promise<void>[]): Promise<void> {
    await Promise.all(pending);
    // Also what listeners published on the bus and did not await.
    await this.consequences?.settled();
  }

  #fail(listener: Listener, cause: unknown): void {
    this.#report(new ListenerError('LISTENER_FAILED', listener.name, this.cause, cause));
  }

  #report(error: ListenerError): void {
    this.#meter.listenerErrors++;
    // The receipt was given away: what comes now is told to the operator only.
    if (!this.#isOver) (this.#errors ??= []).push(error);
    const { name, id } = this.cause;
    this.#surroundings.notices.raise({
      level: 'error',
      code: error.code,
      message: error.message,
      error: error.cause,
      details: { listener: error.listener, event: name, id },
    });
  }
}
