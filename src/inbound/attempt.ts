import { withAmbient } from '../bus/ambient.js';
import type { ContextLog, EventContext, Handler, Resolve } from '../bus/event-context.js';
import { BusbarError } from '../errors.js';
import { hasComeIn } from '../event/came-in.js';
import { contractOfEvent } from '../event/contract-of.js';
import type { EventClass, PublishOptions } from '../event/contract.js';
import { DerivedIds } from '../event/derived-ids.js';
import type { Envelope, EventMetadata } from '../event/envelope.js';
import { createEnvelope } from '../event/create-envelope.js';
import type { WireRecord } from '../kafka/record.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { Notices } from '../telemetry/notices.js';
import { HandlerCall, type Work } from './handler-call.js';

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

/** One attempt of a handler at one event: the context it is given, and what it registers and stages. */
export class Attempt extends HandlerCall implements EventContext {
  readonly metadata: EventMetadata;
  readonly #options: AttemptOptions;
  readonly #cause: Envelope;
  readonly #handler: Handler<object>;
  #ids: DerivedIds | undefined;

  constructor(cause: Envelope, handler: Handler<object>, attempt: number, outer: AbortSignal, options: AttemptOptions) {
    super(attempt, outer);
    this.metadata = cause;
    this.#cause = cause;
    this.#handler = handler;
    this.#options = options;
  }

  run(): MaybePromise<void> {
    return withAmbient({ cause: this.#cause, stager: this }, () => this.#handler(this.#cause.event, this));
  }

  get log(): ContextLog {
    const say = (level: 'info' | 'warn' | 'error') => (message: string, error?: unknown) => {
      const details = { processor: this.#options.processor, event: this.metadata.name, id: this.metadata.id };
      this.#options.notices.raise({ level, code: 'APPLICATION_LOG', message, error, details });
    };
    return { info: say('info'), warn: say('warn'), error: say('error') };
  }

  publish<E extends object>(event: E, options: PublishOptions = {}): Envelope<E> {
    if (this.isOver) throw this.#overError('publish');
    return this.stage(event, options);
  }

  /** As `publish`, for what is published on the bus inside the handler. The caller has checked `isOver`. */
  stage<E extends object>(event: E, options: PublishOptions = {}): Envelope<E> {
    this.admit(event);
    const { group, source } = this.#options;
    const cause = this.#cause;
    const contract = contractOfEvent(event);
    contract.validate(event);
    this.#ids ??= new DerivedIds(group, cause);
    const envelope = createEnvelope(event, options, {
      source,
      cause,
      id: this.#ids.next(contract.name),
    });
    const wire = this.#options.encode(envelope);
    if (isPromise(wire)) wire.catch(() => undefined); // heard in `records`, maybe long after it was rejected
    this.staged.push({ envelope, wire });
    return envelope;
  }

  /** Throws for an event that may not be staged here, whatever is in it. */
  admit(event: object): void {
    const contract = contractOfEvent(event);
    if (hasComeIn(event)) {
      throw new BusbarError('ECHO', `this ${contract.name} was read from Kafka and is not sent out again: publish a new one`);
    }
    if (contract.direction === 'local') {
      throw new BusbarError(
        'WIRING_INVALID',
        `${contract.name} is local and cannot be staged: publish it on the bus, whose listeners hear it at once`,
      );
    }
    if (!this.#options.publishes.has(contract.eventClass)) throw this.#undeclared(contract.eventClass);
  }

  transaction(work: Work): void {
    if (this.isOver) throw this.#overError('transaction');
    if (!this.#options.hasStore) {
      throw new BusbarError('STORE_MISSING', 'ctx.transaction needs a store: pass `store` to kafkaModule, e.g. sqliteStore({ … })');
    }
    this.works.push(work);
  }

  get<T>(token: unknown): T {
    return this.#options.resolve<T>(token);
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
