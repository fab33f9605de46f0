import { codeOf, deadLetterId, deadLetterOf, type DeadLetterOrigin, type Failure } from '../dead-letter/dead-letter.js';
import type { InRecord } from '../kafka/record.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import { decide, decideFinal } from '../policy/decide.js';
import type { ErrorPolicy, FinalPolicy } from '../policy/policy.js';
import type { Notices } from '../telemetry/notices.js';
import type { HandlerCall } from './handler-call.js';
import { awaitHandler } from './handler-run.js';
import type { Handled } from './line-options.js';
import type { CountedDelivery, OutcomeTally } from './outcome-tally.js';
import { Abandoned, BeginAgain, pause, ProcessorFailed, type Scope, stillOpen, unlessClosing } from './scope.js';
import type { Identity, Settler } from './settler.js';
import type { FindTask, Finding, Task } from './task.js';

export interface DeliveryOptions {
  readonly taskOf: FindTask;
  readonly settler: Settler;
  readonly policies: readonly ErrorPolicy[];
  readonly handlerTimeoutMs: number;
  /** Who reads: named in dead letters and notices. */
  readonly origin: DeadLetterOrigin;
  readonly tally: OutcomeTally;
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

/** Delivers one record to its handler: find the task, recognise repeats, attempt until decided, settle. */
export class Delivery {
  readonly #options: DeliveryOptions;
  /** Handlers that still run though their partition was taken away, by their record: it must not be attempted beside them. */
  readonly #outliving = new Map<string, Promise<unknown>>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  deliver(record: InRecord, scope: Scope, delivery: CountedDelivery): MaybePromise<Handled> {
    const found = this.#options.taskOf(record, delivery);
    return isPromise(found)
      ? found.then((finding) => this.#recognise(record, finding, stillOpen(scope)))
      : this.#recognise(record, found, scope);
  }

  #recognise(record: InRecord, finding: Finding, scope: Scope): MaybePromise<Handled> {
    if (finding.kind === 'ignored') return IGNORED;
    const identity = finding.identity ?? this.#namelessIdentity(record);
    const settled = this.#options.settler.isSettled(identity, record);
    const go = (known: boolean): MaybePromise<Handled> => {
      if (known) return this.#options.settler.repeat(identity, record, scope);
      if (finding.kind === 'broken') return this.#broken(record, identity, finding, scope);
      const earlier = this.#outliving.size === 0 ? undefined : this.#outliving.get(placeOf(record));
      if (earlier === undefined) return this.#attempt(record, finding, scope);
      this.#options.onStuck(record, earlier);
      return unlessClosing(earlier, scope).then(() => this.#attempt(record, finding, scope));
    };
    return isPromise(settled)
      ? settled.then((known) => {
          stillOpen(scope);
          return go(known);
        })
      : go(settled);
  }

  #namelessIdentity(record: InRecord): Identity {
    return { source: NAMELESS_SOURCE, id: deadLetterId(this.#options.origin.group, record) };
  }

  /** The first attempt, without a promise where the handler needs none. */
  #attempt(record: InRecord, task: Task, scope: Scope): MaybePromise<Handled> {
    const call = task.newCall(1, scope.over);
    let running: MaybePromise<void>;
    let waits: boolean;
    try {
      running = call.run();
      waits = isPromise(running);
    } catch (error) {
      call.end();
      return this.#attemptAgain(record, task, scope, error);
    }
    if (!waits && call.works.length === 0 && call.staged.length === 0) {
      call.end();
      return this.#options.settler.settle({ record, identity: task.identity, outcome: 'handled' }, scope);
    }
    return this.#conclude(record, task, running, call, scope).catch((error: unknown) => this.#attemptAgain(record, task, scope, error));
  }

  /** After a failed attempt: what the policies say, until they say something final. */
  async #attemptAgain(record: InRecord, task: Task, scope: Scope, first: unknown): Promise<Handled> {
    let error = first;
    const firstFailedAt = new Date();
    for (let attempts = 1; ; attempts++) {
      if (error instanceof Abandoned || error instanceof BeginAgain) throw error;
      const decision = decide(this.#options.policies, error, attempts);
      if (decision.action !== 'retry') {
        const failures = { attempts, first: firstFailedAt, last: new Date() };
        return this.#giveUp(record, task.identity, decision.action, { error, stage: 'handle' }, failures, scope);
      }
      this.#options.tally.retried();
      this.#notice(
        'info',
        'DELIVERY_RETRIED',
        `attempt ${attempts} at ${task.name} failed, next in ${Math.round(decision.delayMs)} ms`,
        record,
        error,
      );
      await pause(decision.delayMs, scope.closing);
      const call = task.newCall(attempts + 1, scope.over);
      try {
        return await this.#conclude(record, task, call.run(), call, scope);
      } catch (thrown) {
        error = thrown;
      } finally {
        call.end();
      }
    }
  }

  /** Waits for the handler and settles what it registered. */
  async #conclude(record: InRecord, task: Task, running: MaybePromise<void>, call: HandlerCall, scope: Scope): Promise<Handled> {
    try {
      if (isPromise(running)) {
        await awaitHandler(running, call, scope, {
          timeoutMs: this.#options.handlerTimeoutMs,
          onStuck: (ended) => this.#options.onStuck(record, ended),
          onAbandoned: (ended) => this.#outlives(record, ended),
        });
      }
      await call.records();
      return await this.#options.settler.settle({ record, identity: task.identity, outcome: 'handled', call }, scope);
    } finally {
      call.end();
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

  #broken(record: InRecord, identity: Identity, finding: Extract<Finding, { kind: 'broken' }>, scope: Scope): MaybePromise<Handled> {
    const now = new Date();
    const action = decideFinal(this.#options.policies, finding.error);
    return this.#giveUp(record, identity, action, finding, { attempts: 0, first: now, last: now }, scope);
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
    const deadLetter = deadLetterOf(record, failure, this.#options.origin, this.#options.deadLetterTopic(record.topic));
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
    this.#options.tally.failed(error);
    this.#options.notices.raise({
      level,
      code,
      message,
      error,
      details: { processor: this.#options.origin.processor, topic, partition, offset },
    });
  }
}

function placeOf({ topic, partition, offset }: InRecord): string {
  return `${topic}/${partition}@${offset}`;
}
