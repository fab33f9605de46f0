import type { Envelope } from '../event/envelope.js';
import type { BusbarError } from '../errors.js';
import type { WireRecord } from '../kafka/record.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { SqlTransaction, StagedRecord } from '../store/store.js';

export type Work = (tx: SqlTransaction) => MaybePromise<void>;

/** A staged event: what the bus will hear once it was sent, and its wire form. */
export interface Staged {
  readonly envelope: Envelope;
  wire: MaybePromise<WireRecord>;
}

/** One call of a handler for one record: its signal, and what it leaves to be done when the record is settled. */
export abstract class HandlerCall {
  /** 1 for the first call at this delivery. */
  readonly attempt: number;
  readonly works: Work[] = [];
  readonly staged: Staged[] = [];
  readonly #outer: AbortSignal;
  #abort: AbortController | undefined;
  #follow: (() => void) | undefined;
  #over = false;

  constructor(attempt: number, outer: AbortSignal) {
    this.attempt = attempt;
    this.#outer = outer;
  }

  /** Calls the handler. */
  abstract run(): MaybePromise<void>;

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

  /** From now on it registers and stages nothing, and nothing of it is left on the outer signal, which lives much longer. */
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
   * Runs the works in order and gives what is staged then; the call is over with it, since what were staged later
   * would not leave. A work that returns a promise makes the rest wait for it.
   */
  runWorks(tx: SqlTransaction, first = 0): MaybePromise<readonly StagedRecord[]> {
    for (let i = first; i < this.works.length; i++) {
      const result = (this.works[i] as Work)(tx);
      if (isPromise(result)) return result.then(() => this.runWorks(tx, i + 1));
    }
    this.end();
    return this.records();
  }
}
