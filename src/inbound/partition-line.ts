import type { InRecord } from '../kafka/record.js';
import type { MaybePromise } from '../maybe-promise.js';
import { KeyedQueue } from './keyed-queue.js';
import { OTHER_EVENTS, type CountedDelivery } from './outcome-tally.js';
import type { Handled, LineOptions } from './line-options.js';
import { newLineRun, type LineRun } from './line-run.js';
import type { Outcome } from './outcomes.js';
import { Abandoned, BeginAgain, pause } from './scope.js';
import { UnderWay } from './under-way.js';
import type { UnsettledRecord } from './unsettled-record.js';
import type { Waiting } from './waiting.js';

interface Entry {
  readonly record: InRecord;
  readonly key: string | undefined;
  /** The latest one, once it has begun. */
  delivery: CountedDelivery | undefined;
  state: 'waiting' | 'begun' | 'settled';
}

/** Records begun without a turn of the event loop in between; then timers and sockets have theirs. */
const STRETCH = 64;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/**
 * The records of one assigned partition, from the moment they are read until they are settled: begins them in log
 * order per key, keeps the number in flight bounded, and lets the offset move only past settled records.
 */
export class PartitionLine {
  readonly #options: LineOptions;
  /** Not settled, or settled behind one that is not; in log order. */
  #entries: Entry[] = [];
  #queue = new KeyedQueue<Entry>();
  /** When the first of the entries became the first. */
  #movedAt = 0;
  readonly #underWay = new UnderWay();
  #run: LineRun = newLineRun();
  /** `resting`: begins nothing until nothing runs, and then begins again at the first unsettled record. */
  #state: 'open' | 'resting' | 'closing' | 'over' = 'open';
  #paused = false;
  #resumed: (() => void) | undefined;
  #failures = 0;
  #pumping = false;
  #room: (() => void) | undefined;

  constructor(options: LineOptions) {
    this.#options = options;
    const { signal } = options.claim;
    if (signal.aborted) this.close();
    else signal.addEventListener('abort', () => this.close(), { once: true });
  }

  /** Takes records of a batch; resolves when there is room for more. */
  accept(records: readonly InRecord[]): Promise<void> {
    if (this.#isClosed()) return Promise.resolve();
    if (this.#entries.length === 0) this.#movedAt = Date.now();
    const keyed = this.#options.concurrency > 1;
    for (const record of records) {
      const entry: Entry = { record, key: keyed ? record.key?.toString('latin1') : undefined, delivery: undefined, state: 'waiting' };
      this.#entries.push(entry);
      this.#queue.push(entry, entry.key);
    }
    this.#pump();
    if (this.#isClosed() || this.#hasRoom()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#room = resolve;
    });
  }

  /** Undefined when everything is settled, the line is paused, or the partition is being given away. */
  get unsettled(): UnsettledRecord | undefined {
    const [first] = this.#entries;
    if (first === undefined || this.#paused || this.#isClosed()) return undefined;
    const { topic, partition, offset } = first.record;
    return { topic, partition, offset, since: this.#movedAt };
  }

  /** Records that have begun and not ended. */
  get inFlight(): readonly InRecord[] {
    if (this.#underWay.isNothing) return [];
    return this.#entries.filter(({ state }) => state === 'begun').map(({ record }) => record);
  }

  /**
   * Begins nothing new and takes no further records. Resolves when what has begun has ended, after `deadlineMs` at the
   * latest; what is between two attempts ends at once, and is delivered again after `resume`.
   */
  pause(deadlineMs: number): Promise<void> {
    this.#paused = true;
    if (this.#state === 'open') void this.#rest(0);
    return this.#underWay.nothingWithin(deadlineMs);
  }

  /** Goes on at the first unsettled record, as soon as nothing runs of what had begun before the pause. */
  resume(): void {
    this.#paused = false;
    this.#movedAt = Date.now();
    this.#resumed?.();
    if (this.#hasRoom()) this.#makeRoom();
  }

  /** How many records were read and are not settled, and the timestamp of the oldest of them. */
  waiting(): Waiting {
    const waiting = this.#entries.filter(({ state }) => state !== 'settled');
    return { records: waiting.length, oldest: waiting.find(({ record }) => record.timestamp >= 0)?.record.timestamp };
  }

  /** Begins nothing new. */
  close(): void {
    if (this.#state === 'over') return;
    this.#state = 'closing';
    this.#run.close.abort();
    this.#resumed?.();
    this.#makeRoom();
  }

  /** Closes, waits at most `deadlineMs` for what has begun, and abandons the rest. */
  async drain(deadlineMs: number): Promise<void> {
    this.close();
    await this.#underWay.nothingWithin(deadlineMs);
    this.abandon();
  }

  /** Whatever has begun and is not settled ends without effect, at once. */
  abandon(): void {
    if (this.#state === 'over') return;
    this.close();
    this.#state = 'over';
    this.#run.end.abort();
    for (const entry of this.#entries) if (entry.state === 'begun') entry.delivery?.ended('abandoned');
    this.#entries = [];
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    let stretch = STRETCH;
    while (this.#state === 'open' && this.#underWay.handling < this.#options.concurrency) {
      const entry = this.#queue.take();
      if (entry === undefined) break;
      if (stretch-- === 0) {
        this.#queue.putBack(entry);
        setImmediate(() => this.#pump());
        break;
      }
      this.#begin(entry);
    }
    this.#pumping = false;
    this.#advance();
  }

  #begin(entry: Entry): void {
    const run = this.#run;
    entry.state = 'begun';
    this.#underWay.handling++;
    const delivery = (entry.delivery = this.#options.tally.begun());
    let handled: MaybePromise<Handled>;
    try {
      handled = this.#options.handle(entry.record, run, delivery);
    } catch (error) {
      return this.#failed(run, error);
    } finally {
      delivery.isOf(OTHER_EVENTS);
    }
    if (handled instanceof Promise) {
      handled.then(
        (result) => this.#handled(entry, run, result),
        (error: unknown) => this.#failed(run, error),
      );
    } else this.#handled(entry, run, handled);
  }

  #handled(entry: Entry, run: LineRun, { outcome, safe }: Handled): void {
    this.#underWay.handling--;
    this.#queue.release(entry.key);
    if (safe === undefined) this.#settled(entry, run, outcome);
    else {
      this.#underWay.settling++;
      safe.then(
        () => {
          this.#underWay.settling--;
          this.#settled(entry, run, outcome);
          this.#advance();
        },
        (error: unknown) => {
          this.#underWay.settling--;
          this.#underWay.handling++; // `#failed` takes it back
          this.#failed(run, error);
        },
      );
    }
    this.#pump();
  }

  #settled(entry: Entry, run: LineRun, outcome: Outcome): void {
    if (run !== this.#run || run.over.aborted) return this.#underWay.ended();
    entry.state = 'settled';
    this.#failures = 0;
    entry.delivery?.ended(outcome);
  }

  /** Lets the offset move past what is settled without a gap. */
  #advance(): void {
    let settled = 0;
    while (this.#entries[settled]?.state === 'settled') settled++;
    if (settled > 0) {
      const last = this.#entries[settled - 1] as Entry;
      this.#entries.splice(0, settled);
      this.#movedAt = Date.now();
      this.#options.claim.settled(last.record.offset + 1);
    }
    if (this.#hasRoom()) this.#makeRoom();
    this.#underWay.ended();
  }

  #failed(run: LineRun, error: unknown): void {
    this.#underWay.handling--;
    if (run === this.#run && !this.#isClosed()) this.#decide(error);
    this.#underWay.ended();
  }

  #decide(error: unknown): void {
    const isTransient = error instanceof BeginAgain || error instanceof Abandoned;
    // The first failure brings the others of its run with it.
    if (this.#state === 'resting' && !this.#paused) return;
    if (!isTransient) {
      this.close();
      this.#options.onFailed(error);
    } else if (this.#paused) {
      // A pause abandons what is between two attempts. It comes again, and a store that fails still then is told again.
      if (error instanceof BeginAgain) this.#options.onBeginAgain(error.cause, undefined);
    } else {
      // Nobody has closed this line: whatever the reason is, its record must not be left lying.
      const delayMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++);
      this.#options.onBeginAgain(error instanceof BeginAgain ? error.cause : error, delayMs);
      void this.#rest(delayMs);
    }
  }

  /** Waits until nothing runs, so long and until nobody has paused it; then delivers again from the first unsettled record. */
  async #rest(delayMs: number): Promise<void> {
    this.#state = 'resting';
    this.#run.close.abort();
    await this.#underWay.whenNothing();
    this.#advance();
    if (this.#isClosed()) return;
    this.#takeBack();
    try {
      if (delayMs > 0) await pause(delayMs, this.#run.closing);
    } catch {
      return; // closed meanwhile: the rest was abandoned above
    }
    while (this.#paused && !this.#isClosed()) await new Promise<void>((resolve) => (this.#resumed = resolve));
    if (this.#isClosed()) return;
    this.#state = 'open';
    this.#pump();
  }

  /** Nothing of it runs: what had begun is abandoned and waits again, in the order of the log. */
  #takeBack(): void {
    this.#run.end.abort();
    this.#run = newLineRun();
    this.#queue = new KeyedQueue();
    for (const entry of this.#entries) {
      if (entry.state === 'settled') continue;
      if (entry.state === 'begun') entry.delivery?.ended('abandoned');
      entry.state = 'waiting';
      this.#queue.push(entry, entry.key);
    }
  }

  #hasRoom(): boolean {
    return !this.#paused && this.#entries.length < this.#options.maxInFlight;
  }

  #isClosed(): boolean {
    return this.#state === 'closing' || this.#state === 'over';
  }

  #makeRoom(): void {
    const room = this.#room;
    this.#room = undefined;
    room?.();
  }
}
