import type { Handler } from '../bus/event-context.js';
import type { Contract } from '../event/contract.js';
import type { Envelope } from '../event/envelope.js';
import type { InRecord } from '../kafka/record.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import { Attempt, type AttemptOptions } from './attempt.js';
import type { CountedDelivery } from './outcome-tally.js';
import type { Reading, RecordReader } from './record-reader.js';
import type { Finding, Task } from './task.js';

/** What records ask of a processor: to handle the event that is in them. */
export class EventTasks {
  readonly #reader: RecordReader;
  readonly #handlers: ReadonlyMap<Contract, Handler<object>>;
  readonly #options: AttemptOptions;

  constructor(reader: RecordReader, handlers: ReadonlyMap<Contract, Handler<object>>, options: AttemptOptions) {
    this.#reader = reader;
    this.#handlers = handlers;
    this.#options = options;
  }

  of(record: InRecord, delivery: CountedDelivery): MaybePromise<Finding> {
    const reading = this.#reader.read(record, delivery);
    return isPromise(reading) ? reading.then((read) => this.#finding(read)) : this.#finding(reading);
  }

  #finding(reading: Reading): Finding {
    if (reading.kind === 'ignored') return reading;
    if (reading.kind === 'broken') {
      const { error, stage, metadata } = reading;
      return { kind: 'broken', error, stage, identity: metadata };
    }
    const handler = this.#handlers.get(reading.contract);
    if (handler === undefined) throw new TypeError(`no handler for ${reading.contract.name}: the reader wants what nobody handles`);
    return new EventTask(reading.envelope, handler, this.#options);
  }
}

class EventTask implements Task {
  readonly kind = 'task';
  readonly identity: Envelope;

  constructor(
    envelope: Envelope,
    private readonly handler: Handler<object>,
    private readonly options: AttemptOptions,
  ) {
    this.identity = envelope;
  }

  get name(): string {
    return this.identity.name;
  }

  newCall(attempt: number, outer: AbortSignal): Attempt {
    return new Attempt(this.identity, this.handler, attempt, outer, this.options);
  }
}
