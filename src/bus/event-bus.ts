import { BusbarError } from '../errors.js';
import { hasComeIn, markCameIn } from '../event/came-in.js';
import type { EventClass, PublishOptions } from '../event/contract.js';
import { contractOf, contractOfEvent } from '../event/contract-of.js';
import { createEnvelope } from '../event/create-envelope.js';
import type { Envelope } from '../event/envelope.js';
import { serviceOf } from '../event/source.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { Notices } from '../telemetry/notices.js';
import { ambient, type Ambient, type Stager } from './ambient.js';
import { Carrier } from './carrier.js';
import { Consequences } from './consequences.js';
import type { Handler, Resolve } from './event-context.js';
import { EventMeters, type EventStats } from './event-meters.js';
import { History } from './history.js';
import type { Departure, ListenerSurroundings } from './listener-context.js';
import { Listeners, type Listener } from './listeners.js';
import type { Outlet } from './outlet.js';
import { PublishAllError, settledTogether } from './publish-all-error.js';
import type { ListenerError, Receipt } from './receipt.js';

const DEFAULT_HISTORY = 256;
const DEFAULT_DELIVERY_TIMEOUT_MS = 120_000;

export interface EventBusOptions {
  /** `/` + service name: the source of every event that is published here without another. */
  readonly source: string;
  readonly notices: Notices;
  /** How long `publish` may take, listeners included. Default: 120,000 ms. */
  readonly deliveryTimeoutMs?: number | undefined;
  /** How many envelopes `history` remembers; they stay in memory. Default: 256, 0 for none. */
  readonly historySize?: number | undefined;
  /** What `ctx.get` of a listener asks. */
  readonly resolve?: Resolve | undefined;
}

type Prepared<E extends object> = { readonly event: E; readonly envelope: Envelope<E>; readonly error: undefined };
type Preparation<E extends object> = Prepared<E> | { readonly event: E; readonly envelope: undefined; readonly error: BusbarError };

export interface SubscribeOptions {
  /** Higher ones hear first. Default: 0. */
  readonly priority?: number | undefined;
  /** Hears one event and is unsubscribed before it does. */
  readonly once?: boolean | undefined;
}

/**
 * Carries events to the listeners of this process, and out of it where an outlet is connected. Listeners hear events in
 * the order of the `publish` calls, also those that are published by listeners.
 */
export class EventBus {
  readonly #options: EventBusOptions;
  readonly #listeners = new Listeners();
  readonly #history: History;
  readonly #carrier: Carrier;
  readonly #meters = new EventMeters();
  readonly #onSubscribe = new Set<(eventClass: EventClass) => void>();
  #isClosed = false;

  constructor(options: EventBusOptions) {
    this.#options = options;
    const { notices, deliveryTimeoutMs = DEFAULT_DELIVERY_TIMEOUT_MS, historySize = DEFAULT_HISTORY, resolve = unresolvable } = options;
    this.#history = new History(historySize);
    const depart: ListenerSurroundings['depart'] = (event, given, cause, consequences) => this.#depart(event, given, cause, consequences);
    this.#carrier = new Carrier({
      listeners: this.#listeners,
      history: this.#history,
      surroundings: { notices, resolve, depart },
      meters: this.#meters,
      deliveryTimeoutMs,
    });
  }

  /**
   * Resolves when the event is safe and its listeners have ended or had their time. Rejects before anything has happened
   * with `NOT_AN_EVENT`, `EVENT_DEFINITION`, `EVENT_INVALID`, `KEY_MISSING`, `INBOUND_ONLY`, `ECHO` or `BUS_CLOSED`; after that with a
   * `PublishError`, exactly when the event is not known to be safe. Inside the handler of a processor it resolves at
   * once with `where: 'handler'`: the event shares the fate of the handler, and has to be one that its processor names in
   * `publishes` (`UNDECLARED_OUTPUT`). A `local` event is never staged.
   */
  async publish<E extends object>(event: E, options: PublishOptions = {}): Promise<Receipt<E>> {
    const around = this.#around();
    if (around?.stager !== undefined && !isLocal(event)) return this.#stage(around.stager, event, options);
    const { cause, consequences } = around ?? {};
    // Read once: what a clock takes shows in the profile.
    const now = Date.now();
    return this.#carrier.send(this.#prepare(event, options, cause, consequences, now), consequences, now);
  }

  /**
   * Publishes in the order given and waits for all. Nothing goes out when one of them is refused beforehand. Rejects with
   * a `PublishAllError` that names which are safe, which were not sent, and which are unknown; `ARGUMENT_INVALID` for what is no list.
   */
  async publishAll<E extends object>(events: Iterable<E>): Promise<Receipt<E>[]> {
    if (typeof (events as Partial<Iterable<E>> | undefined)?.[Symbol.iterator] !== 'function')
      throw new BusbarError('ARGUMENT_INVALID', 'publishAll takes a list of events; a single one goes to publish');
    const all = [...events];
    const around = this.#around();
    const prepared = all.map((event): Preparation<E> => {
      try {
        if (around?.stager !== undefined && !isLocal(event)) around.stager.admit(event);
        return { event, envelope: this.#prepare(event, {}, around?.cause, around?.consequences), error: undefined };
      } catch (error) {
        return { event, envelope: undefined, error: error as BusbarError };
      }
    });
    if (prepared.some(({ error }) => error !== undefined)) throw new PublishAllError([], prepared, []);
    const { stager, consequences } = around ?? {};
    return settledTogether(
      all,
      (prepared as Prepared<E>[]).map(({ event, envelope }) =>
        stager === undefined || isLocal(event) ? this.#carrier.send(envelope, consequences) : this.publish(event),
      ),
    );
  }

  /**
   * Lets `handler` hear every event of exactly this class. Returns the unsubscriber. Listeners start in the order of
   * their priority, then of subscription; they do not wait for each other's promises. Throws `NOT_AN_EVENT`,
   * `EVENT_DEFINITION` and `ARGUMENT_INVALID`.
   */
  subscribe<E extends object>(eventClass: EventClass<E>, handler: Handler<E>, options: SubscribeOptions = {}): () => void {
    contractOf(eventClass);
    if (typeof handler !== 'function')
      throw new BusbarError(
        'ARGUMENT_INVALID',
        `who hears ${eventClass.name} must be a function: bus.subscribe(${eventClass.name}, (event, ctx) => …)`,
      );
    const { priority = 0, once = false } = options;
    const listener: Listener = {
      name: handler.name || 'without a name',
      handler: handler as Handler<object>,
      priority,
      once,
      active: true,
    };
    const unsubscribe = this.#listeners.add(eventClass, listener);
    for (const told of this.#onSubscribe) told(eventClass);
    return unsubscribe;
  }

  /** As `subscribe`, for one event. */
  once<E extends object>(eventClass: EventClass<E>, handler: Handler<E>, options: Omit<SubscribeOptions, 'once'> = {}): () => void {
    return this.subscribe(eventClass, handler, { ...options, once: true });
  }

  /** The last events that were heard here, oldest first, `historySize` at most. */
  history(count: number): readonly Envelope[] {
    return this.#history.last(count);
  }

  /**
   * The hearing side alone: tells the listeners of an event that went out from here and is safe, and nobody else. Answers
   * the errors of the listeners when they have ended and everything that they published through their context is safe.
   */
  hear(envelope: Envelope): MaybePromise<readonly ListenerError[]> {
    this.#meters.of(envelope.name).staged++;
    return this.#carrier.hear(envelope);
  }

  /**
   * As `hear`, for an event that came in from outside: it never goes out again, publishing the very instance rejects
   * `ECHO`. What its listeners publish has ids that are the same each time the event comes in, and everything they
   * published before they ended, awaited or not, has settled when this has.
   */
  hearMirrored(envelope: Envelope): MaybePromise<readonly ListenerError[]> {
    markCameIn(envelope.event);
    this.#meters.of(envelope.name).mirroredIn++;
    return this.#carrier.hear(envelope, new Consequences(serviceOf(this.#options.source), envelope));
  }

  /** What became of the events that were published or heard here so far, by their names. */
  stats(): Readonly<Record<string, EventStats>> {
    return this.#meters.stats();
  }

  /** Whether anybody would hear an event of this class now. */
  isHeard(eventClass: EventClass): boolean {
    return this.#listeners.has(eventClass);
  }

  /** Tells of the class of every subscription from now on. Returns what ends that. */
  onSubscribe(told: (eventClass: EventClass) => void): () => void {
    this.#onSubscribe.add(told);
    return () => void this.#onSubscribe.delete(told);
  }

  /** From now on events that are not `local` leave through `outlet`. There is one at a time. Returns the disconnector. */
  connectOutlet(outlet: Outlet): () => void {
    return this.#carrier.connect(outlet);
  }

  /** Takes no more events (`BUS_CLOSED`); resolves when everything under way has settled. `hear` goes on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#carrier.idle();
  }

  #around(): Ambient | undefined {
    const around = ambient();
    if (around?.stager?.isOver !== true) return around;
    const { name, id } = around.cause;
    const message = 'an event is published after the handler that caused it has ended, and goes out at once';
    this.#options.notices.raise({ level: 'warn', code: 'LATE_PUBLISH', message, details: { cause: name, id } });
    return { cause: around.cause };
  }

  #prepare<E extends object>(event: E, options: PublishOptions, cause?: Envelope, consequences?: Consequences, now?: number): Envelope<E> {
    const contract = contractOfEvent(event);
    try {
      this.#admit(event);
      contract.validate(event);
      const id = options.id === undefined ? consequences?.nextId(contract.name) : undefined;
      return createEnvelope(event, options, { source: this.#options.source, cause, id, now }, contract);
    } catch (error) {
      this.#meters.of(contract.name).refused++;
      throw error;
    }
  }

  #stage<E extends object>(stager: Stager, event: E, options: PublishOptions): Receipt<E> {
    this.#admit(event);
    return { where: 'handler', envelope: stager.stage(event, options), listenerErrors: [] };
  }

  #depart<E extends object>(event: E, options: PublishOptions, cause: Envelope, consequences?: Consequences): Departure<E> {
    const envelope = this.#prepare(event, options, cause, consequences);
    return { envelope, safe: Promise.resolve(this.#carrier.send(envelope, consequences)) };
  }

  #admit(event: object): void {
    if (this.#isClosed) throw new BusbarError('BUS_CLOSED', 'the bus is closed and takes no more events');
    if (hasComeIn(event)) throw echo(event);
  }
}

function echo(event: object): BusbarError {
  const { name } = contractOfEvent(event);
  return new BusbarError(
    'ECHO',
    `this ${name} came in from outside and is not sent out again: publish a new event that says what follows from it`,
  );
}

function isLocal(event: object): boolean {
  return contractOfEvent(event).direction === 'local';
}

function unresolvable(token: unknown): never {
  throw new BusbarError(
    'WIRING_INVALID',
    `ctx.get(${String(token)}) needs a container, and this bus was made without one: pass \`resolve\``,
  );
}
