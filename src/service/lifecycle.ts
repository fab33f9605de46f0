import { BusbarError } from '../errors.js';
import type { MaybePromise } from '../maybe-promise.js';
import { settlesBefore } from './deadline.js';

export type LifecycleState = 'created' | 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';

/** Takes back one step of a start. `deadline` is in ms since 1970: what is not done by then is cut off. */
export type Undo = (deadline: number) => MaybePromise<void>;

/** Says that a step of the start is done and how to take it back. Throws when somebody wants to stop meanwhile. */
export type Begun = (undo: Undo) => void;

/** What a state allows, for whoever asked for something else. */
const ALLOWED: Readonly<Record<LifecycleState, string>> = {
  created: 'start() and stop()',
  starting: 'stop()',
  running: 'stop()',
  stopping: 'nothing but to wait for stop()',
  stopped: 'nothing: it starts once; build a new container to start again',
  failed: 'nothing: it starts once; build a new container to start again',
};

/**
 * `created -> starting -> running -> stopping -> stopped`, and `failed` after a start or a stop that failed. A start is
 * a row of steps, a stop takes them back in the opposite order; a start that fails half-way takes back what it did.
 */
export class Lifecycle {
  readonly #onUndoFailed: (error: unknown) => void;
  readonly #undos: Undo[] = [];
  readonly #companions = new Set<Undo>();
  #state: LifecycleState = 'created';
  #since = new Date();
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** `onUndoFailed` is told what goes wrong while a failed start is taken back: the rejection is what made it fail. */
  constructor(onUndoFailed: (error: unknown) => void) {
    this.#onUndoFailed = onUndoFailed;
  }

  get state(): LifecycleState {
    return this.#state;
  }

  /** When it came into this state. */
  get since(): Date {
    return this.#since;
  }

  /**
   * Runs the steps once; a second call while they run waits for the same end. Rejects with what made a step fail, or
   * `ILLEGAL_TRANSITION` when it is not the time to start, or when `stop` was called meanwhile.
   */
  start(steps: (begun: Begun) => Promise<void>, undoMs: number): Promise<void> {
    if (this.#state === 'starting' && this.#starting !== undefined && this.#stopping === undefined) return this.#starting;
    if (this.#state !== 'created') return Promise.reject(this.illegal('start()'));
    this.#enter('starting');
    this.#starting = this.#start(steps, undoMs);
    return this.#starting;
  }

  /**
   * Takes the steps back, all of them even when some fail; a second call waits for the same end. A start under way has
   * until the deadline to end by itself. Harmless when there is nothing to take back. Rejects with what failed; several failures are an `AggregateError`.
   */
  stop(deadlineMs: number): Promise<void> {
    if (this.#state === 'stopped' || this.#state === 'failed') return this.#stopping ?? Promise.resolve();
    this.#stopping ??= this.#stop(deadlineMs);
    return this.#stopping;
  }

  /**
   * `end` is called before anything is taken back, by a stop or by a start that failed, and has ended when that has; meanwhile
   * the steps are taken back. Returns the means to forget it. Throws `ILLEGAL_TRANSITION` when nothing will be taken back any more.
   */
  accompany(call: string, end: Undo): () => void {
    if (this.#state !== 'created' && this.#state !== 'starting' && this.#state !== 'running') throw this.illegal(call);
    this.#companions.add(end);
    return () => void this.#companions.delete(end);
  }

  /** The error for a call that the state does not allow. */
  illegal(call: string): BusbarError {
    return new BusbarError(
      'ILLEGAL_TRANSITION',
      `${call} is not allowed while the service is ${this.#state}; allowed is ${ALLOWED[this.#state]}`,
    );
  }

  async #start(steps: (begun: Begun) => Promise<void>, undoMs: number): Promise<void> {
    const begun: Begun = (undo) => {
      this.#undos.push(undo);
      this.#goOn();
    };
    try {
      await steps(begun);
      this.#goOn();
      this.#enter('running');
    } catch (error) {
      for (const failure of await this.#undo(Date.now() + undoMs)) this.#onUndoFailed(failure);
      this.#enter(this.#stopping === undefined ? 'failed' : 'stopped');
      throw error;
    }
  }

  #enter(state: LifecycleState): void {
    this.#state = state;
    this.#since = new Date();
  }

  #goOn(): void {
    if (this.#stopping !== undefined)
      throw new BusbarError('ILLEGAL_TRANSITION', 'stop() was called while the service was starting: it did not start');
  }

  async #stop(deadlineMs: number): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    // The start notices by itself and takes its steps back; whoever called it has its error. One that hangs in a step
    // has what that step stands on taken away at the deadline, and takes back by itself what it still begins.
    if (this.#starting !== undefined && this.#state === 'starting' && (await settlesBefore(this.#starting, deadline))) return;
    this.#enter('stopping');
    const failures = await this.#undo(deadline);
    this.#enter(failures.length === 0 ? 'stopped' : 'failed');
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, 'the service has stopped, and not cleanly');
  }

  async #undo(deadline: number): Promise<unknown[]> {
    const failures: unknown[] = [];
    const companions = Promise.allSettled(Array.from(this.#companions, async (end) => end(deadline)));
    this.#companions.clear();
    for (let undo = this.#undos.pop(); undo !== undefined; undo = this.#undos.pop()) {
      try {
        await undo(deadline);
      } catch (error) {
        failures.push(error);
      }
    }
    for (const ended of await companions) if (ended.status === 'rejected') failures.push(ended.reason);
    return failures;
  }
}
