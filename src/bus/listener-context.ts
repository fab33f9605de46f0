import { BusbarError } from '../errors.js';
import type { PublishOptions } from '../event/contract.js';
import type { Envelope } from '../event/envelope.js';
import type { Notices } from '../telemetry/notices.js';
import type { Consequences } from './consequences.js';
import type { ContextLog, EventContext, Resolve } from './event-context.js';

/** An event on its way out. */
export interface Departure<E extends object> {
  readonly envelope: Envelope<E>;
  /** Settles as `publish` does. The bus follows it too: a rejection may be looked at late. */
  readonly safe: Promise<unknown>;
}

/** What all listeners of a bus share. */
export interface ListenerSurroundings {
  readonly notices: Notices;
  readonly resolve: Resolve;
  depart<E extends object>(event: E, options: PublishOptions, cause: Envelope, consequences: Consequences | undefined): Departure<E>;
}

/** What a listener is told and may do. Everything is made when it is asked for: most listeners look at the event only. */
export class ListenerContext implements EventContext {
  readonly metadata: Envelope;
  readonly attempt = 1;
  readonly #listener: string;
  readonly #surroundings: ListenerSurroundings;
  readonly #consequences: Consequences | undefined;
  #departures: Promise<unknown>[] | undefined;
  #abort: AbortController | undefined;
  #timeout: BusbarError | undefined;

  constructor(cause: Envelope, listener: string, surroundings: ListenerSurroundings, consequences: Consequences | undefined) {
    this.metadata = cause;
    this.#listener = listener;
    this.#surroundings = surroundings;
    this.#consequences = consequences;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#timeout !== undefined) this.#abort.abort(this.#timeout);
    }
    return this.#abort.signal;
  }

  get log(): ContextLog {
    const say = (level: 'info' | 'warn' | 'error') => (message: string, error?: unknown) => {
      const details = { listener: this.#listener, event: this.metadata.name, id: this.metadata.id };
      this.#surroundings.notices.raise({ level, code: 'APPLICATION_LOG', message, error, details });
    };
    return { info: say('info'), warn: say('warn'), error: say('error') };
  }

  publish<E extends object>(event: E, options: PublishOptions = {}): Envelope<E> {
    const { envelope, safe } = this.#surroundings.depart(event, options, this.metadata, this.#consequences);
    this.#departures ??= [];
    this.#departures.push(safe);
    return envelope;
  }

  transaction(): never {
    throw new BusbarError(
      'NOT_IN_PROCESSOR',
      `the listener ${this.#listener} has no transaction: effects that have to happen once belong into a processor`,
    );
  }

  get<T>(token: unknown): T {
    return this.#surroundings.resolve<T>(token);
  }

  /** What it has published so far, taken out. */
  takeDepartures(): readonly Promise<unknown>[] {
    const departures = this.#departures ?? [];
    this.#departures = undefined;
    return departures;
  }

  get hasDepartures(): boolean {
    return this.#departures !== undefined;
  }

  timeOut(error: BusbarError): void {
    this.#timeout = error;
    this.#abort?.abort(error);
  }
}
