import { BusbarError } from '../errors.js';
import type { EventClass, PublishOptions } from '../event/contract.js';
import { contractOf, contractOfEvent } from '../event/contract-of.js';
import { createEnvelope } from '../event/create-envelope.js';
import type { Envelope } from '../event/envelope.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { Notices } from '../telemetry/notices.js';
import { ambient, type Ambient, type Stager } from './ambient.js';
import { CallOrder } from './call-order.js';
import type { Handler, Resolve } from './event-context.js';
import { Hearing } from './hearing.js';
import { History } from './history.js';
import type { Departure, ListenerSurroundings } from './listener-context.js';
import { Listeners, type Listener } from './listeners.js';
import type { Accepted, Outlet, Place } from './outlet.js';
import { PublishAllError, settledTogether } from './publish-all-error.js';
import { PublishError } from './publish-error.js';
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
  readonly #deliveryTimeoutMs: number;
  readonly #surroundings: ListenerSurroundings;
  readonly #listeners = new Listeners();
  readonly #history: History;
  readonly #order = new CallOrder();
  readonly #underWay = new Set<Promise<unknown>>();
  #connection: { readonly outlet: Outlet } | undefined;
  #isClosed = false;

  constructor(options: EventBusOptions) {
    this.#options = options;
    this.#deliveryTimeoutMs = options.deliveryTimeoutMs ?? DEFAULT_DELIVERY_TIMEOUT_MS;
    this.#history = new History(options.historySize ?? DEFAULT_HISTORY);
    this.#surroundings = {
      notices: options.notices,
      resolve: options.resolve ?? unresolvable,
      depart: (event, publishOptions, cause) => this.#depart(event, publishOptions, cause),
    };
  }

  /**
   * Resolves when the event is safe and its listeners have ended or had their time. Rejects before anything has happened
   * with `NOT_AN_EVENT`, `EVENT_DEFINITION`, `EVENT_INVALID`, `KEY_MISSING`, `INBOUND_ONLY` or `BUS_CLOSED`; after that with a
   * `PublishError`, exactly when the event is not known to be safe. Inside the handler of a processor it resolves at
   * once with `where: 'handler'`: the event shares the fate of the handler, and has to be one that its processor names in
   * `publishes` (`UNDECLARED_OUTPUT`). A `local` event is never staged.
   */
  async publish<E extends object>(event: E, options: PublishOptions = {}): Promise<Receipt<E>> {
    const around = this.#around();
    if (around?.stager !== undefined && !isLocal(event)) return this.#stage(around.stager, event, options);
    return this.#send(this.#prepare(event, options, around?.cause));
  }

  /**
   * Publishes in the order given and waits for all. Nothing goes out when one of them is refused beforehand. Rejects with
   * a `PublishAllError` that names which are safe, which were not sent, and which are unknown.
   */
  async publishAll<E extends object>(events: Iterable<E>): Promise<Receipt<E>[]> {
    const all = [...events];
    const around = this.#around();
    const prepared = all.map((event): Preparation<E> => {
      try {
        return { event, envelope: this.#prepare(event, {}, around?.cause), error: undefined };
      } catch (error) {
        return { event, envelope: undefined, error: error as BusbarError };
      }
    });
    if (prepared.some(({ error }) => error !== undefined)) throw new PublishAllError([], prepared, []);
    const { stager } = around ?? {};
    return settledTogether(
      all,
      (prepared as Prepared<E>[]).map(({ event, envelope }) =>
        stager === undefined || isLocal(event) ? this.#send(envelope) : this.publish(event),
      ),
    );
  }

  /**
   * Lets `handler` hear every event of exactly this class. Returns the unsubscriber. Listeners start in the order of
   * their priority, then of subscription; they do not wait for each other's promises. Throws `NOT_AN_EVENT` and
   * `EVENT_DEFINITION`.
   */
  subscribe<E extends object>(eventClass: EventClass<E>, handler: Handler<E>, options: SubscribeOptions = {}): () => void {
    contractOf(eventClass);
    const { priority = 0, once = false } = options;
    const listener: Listener = {
      name: handler.name || 'without a name',
      handler: handler as Handler<object>,
      priority,
      once,
      active: true,
    };
    return this.#listeners.add(eventClass, listener);
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
   * The hearing side alone: tells the listeners of an event that is safe already, and nobody else. Resolves with the
   * errors of the listeners, when they have ended and everything that they published through their context is safe.
   */
  async hear(envelope: Envelope): Promise<readonly ListenerError[]> {
    const heard = this.#order.begin(() => this.#tell(envelope, this.#deadline()));
    return isPromise(heard) ? this.#follow(heard) : heard;
  }

  /** From now on events that are not `local` leave through `outlet`. There is one at a time. Returns the disconnector. */
  connectOutlet(outlet: Outlet): () => void {
    if (this.#connection !== undefined) throw new BusbarError('ILLEGAL_TRANSITION', 'the bus has an outlet already: disconnect it first');
    const connection = { outlet };
    this.#connection = connection;
    return () => {
      if (this.#connection === connection) this.#connection = undefined;
    };
  }

  /** Takes no more events (`BUS_CLOSED`); resolves when everything under way has settled. `hear` goes on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  #around(): Ambient | undefined {
    const around = ambient();
    if (around?.stager?.isOver !== true) return around;
    const { name, id } = around.cause;
    const message = 'an event is published after the handler that caused it has ended, and goes out at once';
    this.#options.notices.raise({ level: 'warn', code: 'LATE_PUBLISH', message, details: { cause: name, id } });
    return { cause: around.cause };
  }

  #prepare<E extends object>(event: E, options: PublishOptions, cause: Envelope | undefined): Envelope<E> {
    this.#refuseWhenClosed();
    contractOfEvent(event).validate(event);
    return createEnvelope(event, options, { source: this.#options.source, cause });
  }

  #stage<E extends object>(stager: Stager, event: E, options: PublishOptions): Receipt<E> {
    this.#refuseWhenClosed();
    return { where: 'handler', envelope: stager.stage(event, options), listenerErrors: [] };
  }

  #depart<E extends object>(event: E, options: PublishOptions, cause: Envelope): Departure<E> {
    const envelope = this.#prepare(event, options, cause);
    return { envelope, safe: Promise.resolve(this.#send(envelope)) };
  }

  #send<E extends object>(envelope: Envelope<E>): MaybePromise<Receipt<E>> {
    const deadline = this.#deadline();
    const outlet = this.#connection?.outlet;
    if (outlet !== undefined && !isLocal(envelope.event)) return this.#follow(this.#sendOut(envelope, outlet, deadline));
    const heard = this.#order.begin(() => this.#tell(envelope, deadline));
    if (!isPromise(heard)) return { where: 'memory', envelope, listenerErrors: heard };
    return this.#follow(heard.then((listenerErrors) => ({ where: 'memory', envelope, listenerErrors })));
  }

  async #sendOut<E extends object>(envelope: Envelope<E>, outlet: Outlet, deadline: number): Promise<Receipt<E>> {
    let arriving: Promise<Place | PublishError> | undefined;
    const accepted = accept(outlet, envelope, deadline).then(({ safe }) => {
      // Caught here and now: it may fail long before the listeners have ended.
      arriving = safe.catch((error: unknown) => PublishError.from(error, { certainty: 'unknown', envelope, heard: true }));
    });
    const listenerErrors = await this.#order.beginAfter(accepted, () => this.#tell(envelope, deadline));
    const place = (await arriving) as Place | PublishError;
    if (place instanceof PublishError) throw place;
    return { ...place, envelope, listenerErrors };
  }

  #tell(envelope: Envelope, deadline: number): MaybePromise<readonly ListenerError[]> {
    this.#history.add(envelope);
    const listeners = this.#listeners.take(contractOfEvent(envelope.event).eventClass);
    return new Hearing(envelope, this.#surroundings).run(listeners, deadline);
  }

  #follow<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    const forget = () => void this.#underWay.delete(work);
    work.then(forget, forget);
    return work;
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new BusbarError('BUS_CLOSED', 'the bus is closed and takes no more events');
  }

  #deadline(): number {
    return Date.now() + this.#deliveryTimeoutMs;
  }
}

/** Hands over; what goes wrong before the event has its place means that it was not sent. */
async function accept(outlet: Outlet, envelope: Envelope, deadline: number): Promise<Accepted> {
  try {
    return await outlet(envelope, deadline);
  } catch (error) {
    throw PublishError.from(error, { certainty: 'not-sent', envelope, heard: false });
  }
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
