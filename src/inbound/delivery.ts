import { withAmbient } from '../bus/ambient.js';
import type { Handler } from '../bus/event-context.js';
import { codeOf, deadLetterId, deadLetterOf, type Failure } from '../dead-letter/dead-letter.js';
import type { Contract } from '../event/contract.js';
import type { Envelope, EventMetadata } from '../event/envelope.js';
import type { InRecord } from '../kafka/record.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import { decide, decideFinal } from '../policy/decide.js';
import type { ErrorPolicy, FinalPolicy } from '../policy/policy.js';
import type { Notices } from '../telemetry/notices.js';
import { Attempt, type AttemptOptions } from './attempt.js';
import { awaitHandler } from './handler-run.js';
import type { Handled } from './partition-line.js';
import type { Reading, RecordReader } from './record-reader.js';
import { Abandoned, BeginAgain, pause, ProcessorFailed, type Scope, stillOpen, unlessClosing } from './scope.js';
import type { Identity, Settler } from './settler.js';

export interface DeliveryOptions {
  readonly reader: RecordReader;
  readonly handlers: ReadonlyMap<Contract, Handler<object>>;
  readonly settler: Settler;
  readonly policies: readonly ErrorPolicy[];
  readonly handlerTimeoutMs: number;
  readonly attempts: AttemptOptions;
  readonly notices: Notices;
  /** Full name of the dead-letter topic of a full topic name. */
  deadLetterTopic(topic: string): string;
  /** A handler did not end in time; `ended` settles when it does. */
  onStuck(record: InRecord, ended: Promise<unknown>): void;
}

const IGNORED: Handled = { outcome: 'ignored', safe: undefined };
/** Source of records that have none: their id is that of their dead letter. */
const NAMELESS_SOURCE = 'x-dlq';

/** When and how often a record has failed. */
interface Failures {
  attempts: number;
  first: Date;
  last: Date;
}

/** Delivers one record to the handler of its event: read, recognise repeats, attempt until decided, settle. */
export class Delivery {
  readonly #options: DeliveryOptions;
  /** Handlers that still run though their partition was taken away, by their record: it must not be attempted beside them. */
  readonly #outliving = new Map<string, Promise<unknown>>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  deliver(record: InRecord, scope: Scope): MaybePromise<Handled> {
    const reading = this.#options.reader.read(record);
    return isPromise(reading)
      ? reading.then((read) => this.#recognise(record, read, stillOpen(scope)))
      : this.#recognise(record, reading, scope);
  }

  #recognise(record: InRecord, reading: Reading, scope: Scope): MaybePromise<Handled> {
    if (reading.kind === 'ignored') return IGNORED;
    const identity = this.#identityOf(record, reading);
    const settled = this.#options.settler.isSettled(identity, record);
    const go = (known: boolean): MaybePromise<Handled> => {
      if (known) return this.#options.settler.repeat(identity, record, scope);
      if (reading.kind === 'broken') return this.#broken(record, identity, reading, scope);
      const handler = this.#handlerOf(reading.contract);
      const earlier = this.#outliving.get(placeOf(record));
      if (earlier === undefined) return this.#attempt(record, reading.envelope, handler, scope);
      this.#options.onStuck(record, earlier);
      return unlessClosing(earlier, scope).then(() => this.#attempt(record, reading.envelope, handler, scope));
    };
    return isPromise(settled)
      ? settled.then((known) => {
          stillOpen(scope);
          return go(known);
        })
      : go(settled);
  }

  #identityOf(record: InRecord, reading: Exclude<Reading, { kind: 'ignored' }>): Identity {
    const metadata: EventMetadata | undefined = reading.kind === 'event' ? reading.envelope : reading.metadata;
    if (metadata !== undefined) return metadata;
    return { source: NAMELESS_SOURCE, id: deadLetterId(this.#options.attempts.group, record) };
  }

  #handlerOf(contract: Contract): Handler<object> {
    const handler = this.#options.handlers.get(contract);
    if (handler === undefined) throw new TypeError(`no handler for ${contract.name}: the reader wants what nobody handles`);
    return handler;
  }

  /** The first attempt, without a promise where the handler needs none. */
  #attempt(record: InRecord, envelope: Envelope, handler: Handler<object>, scope: Scope): MaybePromise<Handled> {
    const attempt = this.#newAttempt(envelope, 1, scope);
    let running: MaybePromise<void>;
    let waits: boolean;
    try {
      running = this.#run(handler, envelope, attempt);
      waits = isPromise(running);
    } catch (error) {
      attempt.end();
      return this.#attemptAgain(record, envelope, handler, scope, error);
    }
    if (!waits && attempt.works.length === 0 && attempt.staged.length === 0) {
      attempt.end();
      return this.#options.settler.settle({ record, identity: envelope, outcome: 'handled' }, scope);
    }
    return this.#conclude(record, envelope, running, attempt, scope).catch((error: unknown) =>
      this.#attemptAgain(record, envelope, handler, scope, error),
    );
  }

  /** After a failed attempt: what the policies say, until they say something final. */
  async #attemptAgain(record: InRecord, envelope: Envelope, handler: Handler<object>, scope: Scope, first: unknown): Promise<Handled> {
    let error = first;
    const firstFailedAt = new Date();
    for (let attempts = 1; ; attempts++) {
      if (error instanceof Abandoned || error instanceof BeginAgain) throw error;
      const decision = decide(this.#options.policies, error, attempts);
      if (decision.action !== 'retry') {
        const failures = { attempts, first: firstFailedAt, last: new Date() };
        return this.#giveUp(record, envelope, decision.action, { error, stage: 'handle' }, failures, scope);
      }
      this.#notice(
        'info',
        'DELIVERY_RETRIED',
        `attempt ${attempts} at ${envelope.name} failed, next in ${Math.round(decision.delayMs)} ms`,
        record,
        error,
      );
      await pause(decision.delayMs, scope.closing);
      const attempt = this.#newAttempt(envelope, attempts + 1, scope);
      try {
        return await this.#conclude(record, envelope, this.#run(handler, envelope, attempt), attempt, scope);
      } catch (thrown) {
        error = thrown;
      } finally {
        attempt.end();
      }
    }
  }

  /** Waits for the handler and settles what it registered. */
  async #conclude(record: InRecord, envelope: Envelope, running: MaybePromise<void>, attempt: Attempt, scope: Scope): Promise<Handled> {
    try {
      if (isPromise(running)) {
        await awaitHandler(running, attempt, scope, {
          timeoutMs: this.#options.handlerTimeoutMs,
          onStuck: (ended) => this.#options.onStuck(record, ended),
          onAbandoned: (ended) => this.#outlives(record, ended),
        });
      }
      await attempt.records();
      return await this.#options.settler.settle({ record, identity: envelope, outcome: 'handled', attempt }, scope);
    } finally {
      attempt.end();
    }
  }

  #outlives(record: InRecord, running: Promise<unknown>): void {
    const place = placeOf(record);
    const ended = Promise.resolve(running).then(
      () => undefined,
      () => undefined,
    );
    this.#outliving.set(place, ended);
    void ended.then(() => this.#outliving.delete(place));
  }

  #run(handler: Handler<object>, envelope: Envelope, attempt: Attempt): MaybePromise<void> {
    return withAmbient({ cause: envelope, stager: attempt }, () => handler(envelope.event, attempt));
  }

  #newAttempt(envelope: Envelope, number: number, scope: Scope): Attempt {
    return new Attempt(envelope, number, scope.over, this.#options.attempts);
  }

  #broken(record: InRecord, identity: Identity, reading: Extract<Reading, { kind: 'broken' }>, scope: Scope): MaybePromise<Handled> {
    const now = new Date();
    const action = decideFinal(this.#options.policies, reading.error);
    return this.#giveUp(record, identity, action, reading, { attempts: 0, first: now, last: now }, scope);
  }

  #giveUp(
    record: InRecord,
    identity: Identity,
    action: FinalPolicy['kind'],
    { error, stage }: Pick<Failure, 'error' | 'stage'>,
    { attempts, first, last }: Failures,
    scope: Scope,
  ): MaybePromise<Handled> {
    if (action === 'fail') throw new ProcessorFailed(error, placeOf(record));
    if (action === 'skip') {
      this.#notice('error', 'RECORD_SKIPPED', 'a record was skipped, as the policy says: its effects are lost', record, error);
      return this.#options.settler.settle({ record, identity, outcome: 'skipped' }, scope);
    }
    const failure: Failure = { error, stage, attempts, firstFailedAt: first, lastFailedAt: last };
    const deadLetter = deadLetterOf(record, failure, this.#options.attempts, this.#options.deadLetterTopic(record.topic));
    this.#notice('warn', 'DEAD_LETTERED', `a record goes to ${deadLetter.topic} (${codeOf(error)})`, record, error);
    return this.#options.settler.settle({ record, identity, outcome: 'deadLettered', deadLetter }, scope);
  }

  #notice(
    level: 'info' | 'warn' | 'error',
    code: 'DELIVERY_RETRIED' | 'RECORD_SKIPPED' | 'DEAD_LETTERED',
    message: string,
    record: InRecord,
    error: unknown,
  ): void {
    const { topic, partition, offset } = record;
    this.#options.notices.raise({
      level,
      code,
      message,
      error,
      details: { processor: this.#options.attempts.processor, topic, partition, offset },
    });
  }
}

function placeOf({ topic, partition, offset }: InRecord): string {
  return `${topic}/${partition}@${offset}`;
}
