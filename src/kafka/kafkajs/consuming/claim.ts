import type { Batch, Blocked, Claim } from '../../driver.js';
import type { InRecord } from '../../record.js';
import type { LastRead } from './membership-context.js';

/** A record to be read again, and where reading goes on when it is still the same. */
export interface Comparison {
  readonly last: LastRead;
  readonly expected: number;
}

/** What a claim reports to. */
export interface ClaimOwner {
  readonly settled: (claim: PartitionClaim) => void;
  /** Whether the group still counts on this member. */
  readonly alive: () => boolean;
  readonly handle: (batch: Batch) => Promise<void>;
}

/** One partition from its assignment until it was given back. */
export class PartitionClaim implements Claim {
  readonly #abort = new AbortController();
  readonly #owner: ClaimOwner;
  #held = true;
  /** Control records and aborted transactions, which nobody gets to see: whoever has settled up to them has settled them. */
  #hidden: { readonly from: number; readonly to: number } | undefined;
  #turn: Promise<void> = Promise.resolve();
  /** Offset of the next record to hand over; undefined while it is not known where to read. */
  expected: number | undefined;
  /** Up to where kafkajs passed over records that nobody gets to see. */
  passed: number | undefined;
  /** The last record is read once more, because kafkajs has reset itself: the log may be another. */
  again: Comparison | undefined;
  /** The log is another than the one that was read. */
  isAnother = false;
  /** Where reading began. */
  from: number | undefined;
  /** Where the group stood when reading began. */
  stood: number | undefined;
  /** Everything below is settled; undefined until something was. */
  next: number | undefined;
  /** What was committed by this claim. */
  committed: number | undefined;
  blocked: Blocked | undefined;

  constructor(
    readonly topic: string,
    readonly partition: number,
    owner: ClaimOwner,
  ) {
    this.#owner = owner;
  }

  get key(): string {
    return partitionKey(this.topic, this.partition);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  owned(): boolean {
    return this.#held && this.#owner.alive();
  }

  settled(next: number): void {
    const hidden = this.#hidden;
    const to = hidden !== undefined && hidden.from <= next && next < hidden.to ? hidden.to : next;
    if (!this.#held || (this.next !== undefined && to <= this.next)) return;
    this.next = to;
    this.#owner.settled(this);
  }

  /** Between these offsets there is nothing to see. Else the group would stand before them for ever, and seem to be behind. */
  passOver(from: number, to: number): void {
    const before = this.#hidden;
    const continues = before !== undefined && before.from <= from && from <= before.to;
    this.#hidden = { from: continues ? before.from : from, to };
    const stands = this.next ?? this.from;
    if (stands !== undefined && this.#hidden.from <= stands) this.settled(to);
  }

  /** Commits again where this partition stands: somebody else has written over it. */
  recommit(): void {
    const stands = this.next ?? this.stood;
    if (stands === undefined) return;
    this.next = undefined;
    this.committed = undefined;
    this.settled(stands);
  }

  /** What was settled was settled on a log that is gone. */
  forget(): void {
    this.#hidden = undefined;
    this.passed = undefined;
    this.from = undefined;
    this.stood = undefined;
    this.next = undefined;
    this.committed = undefined;
  }

  /**
   * Hands the records over once the batch before is done, so there is one call at a time and one batch in waiting.
   * Resolves when its turn has come: then there is room for the next.
   */
  offer(records: readonly InRecord[], highWatermark: number): Promise<void> {
    const turn = this.#turn;
    this.#turn = turn.then(() => (this.signal.aborted ? undefined : this.#owner.handle({ claim: this, records, highWatermark })));
    return turn;
  }

  /** Nothing new may begin. What is settled still counts. */
  abort(): void {
    this.#abort.abort();
  }

  /** Another member may have it from now on. */
  release(): void {
    this.#held = false;
    this.#abort.abort();
  }
}

export function partitionKey(topic: string, partition: number): string {
  return `${topic}[${partition}]`;
}
