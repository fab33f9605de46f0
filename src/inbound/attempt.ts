import type { ContextLog, EventContext, Resolve } from '../bus/event-context.js';
import { BusbarError } from '../errors.js';
import { contractOfEvent } from '../event/contract-of.js';
import type { EventClass, PublishOptions } from '../event/contract.js';
import type { Envelope, EventMetadata } from '../event/envelope.js';
import { createEnvelope } from '../event/create-envelope.js';
import { uuidv5 } from '../event/uuid.js';
import type { WireRecord } from '../kafka/record.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { SqlTransaction, StagedRecord } from '../store/store.js';
import type { Notices } from '../telemetry/notices.js';

/** What the attempts of one processor have in common. */
export interface AttemptOptions {
  readonly group: string;
  readonly processor: string;
  /** `/` + service name: the source of what is published here. */
  readonly source: string;
  readonly hasStore: boolean;
  /** The events that its handlers may publish: what it says of itself is what it does. */
  readonly publishes: ReadonlySet<EventClass>;
  /** Checks an event that a handler publishes, and gives its wire form. */
  encode(envelope: Envelope): MaybePromise<WireRecord>;
  readonly resolve: Resolve;
  readonly notices: Notices;
}

export type Work = (tx: SqlTransaction) => MaybePromise<void>;

/** A staged event: what the bus will hear once it was sent, and its wire form. */
export interface Staged {
  readonly envelope: Envelope;
  wire: MaybePromise<WireRecord>;
}

/** One attempt of a handler at one event: the context it is given, and what it registers and stages. */
export class Attempt implements EventContext {
  readonly metadata: EventMetadata;
  readonly attempt: number;
  readonly works: Work[] = [];
  readonly staged: Staged[] = [];
  readonly #options: AttemptOptions;
  readonly #cause: Envelope;
  readonly #outer: AbortSignal;
  #abort: AbortController | undefined;
  #follow: (() => void) | undefined;
  #ordinals: Map<string, number> | undefined;
  #over = false;

  constructor(cause: Envelope, attempt: number, outer: AbortSignal, options: AttemptOptions) {
    this.metadata = cause;
    this.attempt = attempt;
    this.#cause = cause;
    this.#outer = outer;
    this.#options = options;
  }

  /** Made when somebody asks: most handlers never do. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      const follow = (): void => abort.abort(this.#outer.reason);
      if (this.#outer.aborted) follow();
      else if (!this.#over) {
        this.#outer.addEventListener('abort', follow, { once: true });
        this.#follow = follow;
      }
    }
    return this.#abort.signal;
  }

  get log(): ContextLog {
    const say = (level: 'info' | 'warn' | 'error') => (message: string, error?: unknown) => {
      const details = { processor: this.#options.processor, event: this.metadata.name, id: this.metadata.id };
      this.#options.notices.raise({ level, code: 'APPLICATION_LOG', message, error, details });
    };
    return { info: say('info'), warn: say('warn'), error: say('error') };
  }

  publish<E extends object>(event: E, options: PublishOptions = {}): Envelope<E> {
    if (this.#over) throw this.#overError('publish');
    return this.stage(event, options);
  }

  /** As `publish`, for what is published on the bus inside the handler. The caller has checked `isOver`. */
  stage<E extends object>(event: E, options: PublishOptions = {}): Envelope<E> {
    const { group, source } = this.#options;
    const cause = this.#cause;
    const contract = contractOfEvent(event);
    if (contract.direction === 'local') {
      throw new BusbarError(
        'WIRING_INVALID',
        `${contract.name} is local and cannot be staged: publish it on the bus, whose listeners hear it at once`,
      );
    }
    if (!this.#options.publishes.has(contract.eventClass)) throw this.#undeclared(contract.eventClass);
    contract.validate(event);
    const { name } = contract;
    const envelope = createEnvelope(event, options, {
      source,
      cause,
      id: uuidv5(group, cause.source, cause.id, name, String(this.#nextOrdinal(name))),
    });
    const wire = this.#options.encode(envelope);
    if (isPromise(wire)) wire.catch(() => undefined); // heard in `records`, maybe long after it was rejected
    this.staged.push({ envelope, wire });
    return envelope;
  }

  transaction(work: Work): void {
    if (this.#over) throw this.#overError('transaction');
    if (!this.#options.hasStore) {
      throw new BusbarError('STORE_MISSING', 'ctx.transaction needs a store: pass `store` to kafkaModule, e.g. sqliteStore({ … })');
    }
    this.works.push(work);
  }

  get<T>(token: unknown): T {
    return this.#options.resolve<T>(token);
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** The wire forms of what was staged, in order; a promise where a codec is asynchronous. Rejects as the codec does. */
  records(): MaybePromise<readonly StagedRecord[]> {
    if (this.staged.some(({ wire }) => isPromise(wire))) return this.#encoded();
    return this.staged.map(({ envelope, wire }) => {
      const { topic, key, value, headers, timestamp } = wire as WireRecord;
      return { id: envelope.id, topic, key, value, headers, timestamp };
    });
  }

  async #encoded(): Promise<readonly StagedRecord[]> {
    for (const staged of this.staged) staged.wire = await staged.wire;
    return this.records();
  }

  /** From now on `publish` and `transaction` throw, and nothing is left on the outer signal, which lives much longer. */
  end(): void {
    this.#over = true;
    if (this.#follow !== undefined) this.#outer.removeEventListener('abort', this.#follow);
    this.#follow = undefined;
  }

  /** The handler was given all its time: tells it so. */
  timeOut(error: BusbarError): void {
    void this.signal;
    this.#abort?.abort(error);
  }

  /**
   * Runs the works in order and gives what is staged then; the attempt is over with it, since what were staged later
   * would not leave. A work that returns a promise makes the rest wait for it.
   */
  run(tx: SqlTransaction, first = 0): MaybePromise<readonly StagedRecord[]> {
    for (let i = first; i < this.works.length; i++) {
      const result = (this.works[i] as Work)(tx);
      if (isPromise(result)) return result.then(() => this.run(tx, i + 1));
    }
    this.end();
    return this.records();
  }

  #nextOrdinal(name: string): number {
    this.#ordinals ??= new Map();
    const ordinal = this.#ordinals.get(name) ?? 0;
    this.#ordinals.set(name, ordinal + 1);
    return ordinal;
  }

  #undeclared({ name }: EventClass): BusbarError {
    const { processor, publishes } = this.#options;
    const declared = [...publishes].map((eventClass) => eventClass.name);
    return new BusbarError(
      'UNDECLARED_OUTPUT',
      `processor ${processor} publishes ${name} and does not say so: write \`publishes: [${[...declared, name].join(', ')}]\` in its @ProcessorOptions`,
    );
  }

  #overError(what: string): BusbarError {
    const { processor } = this.#options;
    return new BusbarError(
      'ATTEMPT_OVER',
      `ctx.${what} was called when the attempt at ${this.metadata.name} ${this.metadata.id} in processor ${processor} was over: await everything in the handler`,
    );
  }
}
