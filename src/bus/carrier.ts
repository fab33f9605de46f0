import { BusbarError } from '../errors.js';
import { contractOfEvent } from '../event/contract-of.js';
import type { Envelope } from '../event/envelope.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import { CallOrder } from './call-order.js';
import type { Consequences } from './consequences.js';
import type { EventMeter, EventMeters } from './event-meters.js';
import { Hearing } from './hearing.js';
import type { History } from './history.js';
import type { ListenerSurroundings } from './listener-context.js';
import type { Listeners } from './listeners.js';
import type { Accepted, Outlet, Place } from './outlet.js';
import { Publications } from './publications.js';
import { PublishError } from './publish-error.js';
import type { ListenerError, Receipt } from './receipt.js';

export interface CarrierParts {
  readonly listeners: Listeners;
  readonly history: History;
  readonly surroundings: ListenerSurroundings;
  readonly meters: EventMeters;
  readonly deliveryTimeoutMs: number;
}

/** Carries envelopes to the listeners, in the order of the calls, and out of the process where an outlet is connected. */
export class Carrier {
  readonly #parts: CarrierParts;
  readonly #order = new CallOrder();
  readonly #underWay = new Publications();
  #connection: { readonly outlet: Outlet } | undefined;

  constructor(parts: CarrierParts) {
    this.#parts = parts;
  }

  /** Returns the disconnector. Throws `ILLEGAL_TRANSITION` while another outlet is connected. */
  connect(outlet: Outlet): () => void {
    if (this.#connection !== undefined) throw new BusbarError('ILLEGAL_TRANSITION', 'the bus has an outlet already: disconnect it first');
    const connection = { outlet };
    this.#connection = connection;
    return () => {
      if (this.#connection === connection) this.#connection = undefined;
    };
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#underWay.settled();
  }

  /**
   * Lets the listeners hear while the event is on its way; settles when both are done. `consequences` are those of the
   * event that caused this one, `now` when its time began, in ms since 1970.
   */
  send<E extends object>(envelope: Envelope<E>, consequences: Consequences | undefined, now = Date.now()): MaybePromise<Receipt<E>> {
    const sent = this.#sendNow(envelope, now + this.#parts.deliveryTimeoutMs, consequences?.of(envelope));
    if (!isPromise(sent)) return sent;
    void consequences?.follow(sent);
    return this.#underWay.follow(sent);
  }

  #sendNow<E extends object>(envelope: Envelope<E>, deadline: number, own: Consequences | undefined): MaybePromise<Receipt<E>> {
    const outlet = this.#connection?.outlet;
    if (outlet !== undefined && contractOfEvent(envelope.event).direction !== 'local')
      return this.#sendOut(envelope, outlet, deadline, own);
    const meter = this.#parts.meters.of(envelope.name);
    meter.safe++;
    const heard = this.#order.begin(() => this.#tell(envelope, deadline, own, meter));
    if (!isPromise(heard)) return { where: 'memory', envelope, listenerErrors: heard };
    return heard.then((listenerErrors) => ({ where: 'memory', envelope, listenerErrors }));
  }

  async #sendOut<E extends object>(envelope: Envelope<E>, outlet: Outlet, deadline: number, own?: Consequences): Promise<Receipt<E>> {
    const meter = this.#parts.meters.of(envelope.name);
    const since = performance.now();
    let arriving: Promise<Place | PublishError> | undefined;
    const accepted = accept(outlet, envelope, deadline).then(
      ({ safe }) => {
        // Caught here and now: it may fail long before the listeners have ended.
        arriving = safe.then(
          (place) => {
            meter.safe++;
            meter.latency.record(performance.now() - since);
            return place;
          },
          (error: unknown) => failed(error, { certainty: 'unknown', envelope, heard: true }, meter),
        );
      },
      (error: unknown) => {
        throw failed(error, { certainty: 'not-sent', envelope, heard: false }, meter);
      },
    );
    const listenerErrors = await this.#order.beginAfter(accepted, () => this.#tell(envelope, deadline, own, meter));
    const place = (await arriving) as Place | PublishError;
    if (place instanceof PublishError) throw place;
    return { ...place, envelope, listenerErrors };
  }

  /** Tells the listeners here and nobody else. */
  hear(envelope: Envelope, consequences?: Consequences): MaybePromise<readonly ListenerError[]> {
    const meter = this.#parts.meters.of(envelope.name);
    // Their time begins with the telling, however long that has to wait for its turn.
    const tell = () => this.#tell(envelope, Date.now() + this.#parts.deliveryTimeoutMs, consequences, meter);
    const heard = this.#order.begin(tell);
    return isPromise(heard) ? this.#underWay.follow(heard) : heard;
  }

  #tell(
    envelope: Envelope,
    deadline: number,
    consequences: Consequences | undefined,
    meter: EventMeter,
  ): MaybePromise<readonly ListenerError[]> {
    this.#parts.history.add(envelope);
    const listeners = this.#parts.listeners.take(contractOfEvent(envelope.event).eventClass);
    return new Hearing(envelope, this.#parts.surroundings, meter, consequences).run(listeners, deadline);
  }
}

/** Hands over; an outlet may throw. */
async function accept(outlet: Outlet, envelope: Envelope, deadline: number): Promise<Accepted> {
  return outlet(envelope, deadline);
}

function failed(error: unknown, init: Parameters<typeof PublishError.from>[1], meter: EventMeter): PublishError {
  const failure = PublishError.from(error, init);
  meter.failed(failure.certainty);
  return failure;
}
