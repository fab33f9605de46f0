import type { Claim } from '../kafka/driver.js';
import type { InRecord } from '../kafka/record.js';
import type { MaybePromise } from '../store/store.js';
import { KeyedQueue } from './keyed-queue.js';
import { newLineRun, type LineRun } from './line-run.js';
import type { Outcome, OutcomeTally } from './outcomes.js';
import { Abandoned, BeginAgain, pause, type Scope } from './scope.js';
import { UnderWay } from './under-way.js';

/** A record whose handling is decided: the next of its key may begin. */
export interface Handled {
  readonly outcome: Outcome;
  /** Resolves when the outcome is durable and everything it sends is safe; undefined when it is already. */
  readonly safe: Promise<void> | undefined;
}

export interface LineOptions {
  readonly claim: Claim;
  /** Records handled at the same time, each of another key. With 1, strictly in log order. */
  readonly concurrency: number;
  /** The partition rests while this many records are not settled. */
  readonly maxInFlight: number;
  readonly tally: OutcomeTally;
  /** Handles one record. Rejects with `Abandoned`, `BeginAgain`, or an error that ends the line (`onFailed`). */
  handle(record: InRecord, scope: Scope): MaybePromise<Handled>;
  /** The line has ended because of this error; its record and those behind it are not settled. */
  onFailed(error: unknown): void;
  /** The store failed: told each time before the line begins again. */
  onBeginAgain(error: unknown, delayMs: number): void;
}

/** The first record of a partition that was read and is not settled. */
export interface Unsettled {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Since when nothing was settled though this record waits, in ms since 1970. */
  readonly since: number;
}

interface Entry {
  readonly record: InRecord;
  readonly key: string | undefined;
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
  #state: 'open' | 'restarting' | 'closing' | 'over' = 'open';
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
      const entry: Entry = { record, key: keyed ? record.key?.toString('latin1') : undefined, state: 'waiting' };
      this.#entries.push(entry);
      this.#queue.push(entry, entry.key);
    }
    this.#pump();
    if (this.#isClosed() || this.#entries.length < this.#options.maxInFlight) return Promise.resolve();
    return new Promise((resolve) => {
      this.#room = resolve;
    });
  }

  /** Undefined when everything is settled, or the partition is being given away. */
  get unsettled(): Unsettled | undefined {
    const [first] = this.#entries;
    if (first === undefined || this.#isClosed()) return undefined;
    const { topic, partition, offset } = first.record;
    return { topic, partition, offset, since: this.#movedAt };
  }

  /** Begins nothing new. */
  close(): void {
    if (this.#state === 'over') return;
    this.#state = 'closing';
    this.#run.close.abort();
    this.#makeRoom();
  }

  /** Closes, waits at most `deadlineMs` for what has begun, and abandons the rest. */
  async drain(deadlineMs: number): Promise<void> {
    this.close();
    if (this.#underWay.isNothing) return this.abandon();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs);
    });
    await Promise.race([this.#underWay.whenNothing(), late]);
    clearTimeout(timer);
    this.abandon();
  }

  /** Whatever has begun and is not settled ends without effect, at once. */
  abandon(): void {
    if (this.#state === 'over') return;
    this.close();
    this.#state = 'over';
    this.#run.end.abort();
    for (const entry of this.#entries) if (entry.state === 'begun') this.#options.tally.ended('abandoned');
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
    this.#options.tally.begun();
    let handled: MaybePromise<Handled>;
    try {
      handled = this.#options.handle(entry.record, run);
    } catch (error) {
      return this.#failed(run, error);
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
    this.#options.tally.ended(outcome);
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
    if (this.#entries.length < this.#options.maxInFlight) this.#makeRoom();
    this.#underWay.ended();
  }

  #failed(run: LineRun, error: unknown): void {
    this.#underWay.handling--;
    if (run === this.#run && this.#state === 'open') {
      if (error instanceof BeginAgain) void this.#beginAgain(error.cause);
      // Nobody has closed this line: whatever the reason is, its record must not be left lying.
      else if (error instanceof Abandoned) void this.#beginAgain(error);
      else {
        this.close();
        this.#options.onFailed(error);
      }
    }
    this.#underWay.ended();
  }

  /** After a failure of the store: waits until nothing runs, then delivers again from the first unsettled record. */
  async #beginAgain(error: unknown): Promise<void> {
    this.#state = 'restarting';
    const delayMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++);
    this.#options.onBeginAgain(error, delayMs);
    this.#run.close.abort();
    await this.#underWay.whenNothing();
    this.#advance();
    if (this.#state !== 'restarting') return;
    this.#run.end.abort();
    this.#run = newLineRun();
    this.#queue = new KeyedQueue();
    for (const entry of this.#entries) {
      if (entry.state === 'settled') continue;
      if (entry.state === 'begun') this.#options.tally.ended('abandoned');
      entry.state = 'waiting';
      this.#queue.push(entry, entry.key);
    }
    try {
      await pause(delayMs, this.#run.closing);
    } catch {
      return; // closed meanwhile: the rest was abandoned above
    }
    if (this.#state !== 'restarting') return;
    this.#state = 'open';
    this.#pump();
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
