import type { Notices } from '../../../telemetry/notices.js';
import type { PartitionClaim } from './claim.js';
import { protocolType } from '../failure.js';
import type { OffsetToCommit } from './group-commit.js';

/**
 * Answers after which the same commit must not be repeated: the partitions were given to others, or deleted, and once a topic
 * was created again its first records would pass for read.
 */
const STALE = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID', 'UNKNOWN_TOPIC_OR_PARTITION']);

/** So many failures in a row are worth a notice. */
const NOTABLE = 3;

export interface CommitPace {
  readonly commitIntervalMs: number;
  readonly commitEvery: number;
}

/** Commits what was settled: coalesced, in the background, one request at a time. A failed one is merged into the next. */
export class Commits {
  #dirty = new Set<PartitionClaim>();
  readonly #pace: CommitPace;
  readonly #commit: (offsets: readonly OffsetToCommit[]) => Promise<void>;
  readonly #notices: Notices;
  readonly #group: string;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #failures = 0;

  constructor(group: string, pace: CommitPace, commit: (offsets: readonly OffsetToCommit[]) => Promise<void>, notices: Notices) {
    this.#group = group;
    this.#pace = pace;
    this.#commit = commit;
    this.#notices = notices;
  }

  settled(claim: PartitionClaim): void {
    this.#dirty.add(claim);
    const settled = claim.next! - (claim.committed ?? claim.from ?? claim.next!);
    if (settled >= this.#pace.commitEvery) this.#inBackground();
    else this.#timer ??= setTimeout(() => this.#inBackground(), this.#pace.commitIntervalMs);
  }

  /** Resolves when everything settled so far is committed; rejects when that failed. */
  async flush(): Promise<void> {
    // One under way may have begun before the last settlement.
    while (this.#running !== undefined) await this.#running.catch(() => undefined);
    if (this.#dirty.size > 0) await this.#run();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // A commit that is still under way puts back what it could not commit, and must not be heard of again.
    this.#dirty = new Set();
  }

  #inBackground(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#running !== undefined || this.#dirty.size === 0) return;
    this.#run().catch((error: unknown) => this.#failed(error));
  }

  #run(): Promise<void> {
    this.#running ??= this.#commitDirty().finally(() => {
      this.#running = undefined;
      if (this.#dirty.size > 0) this.#timer ??= setTimeout(() => this.#inBackground(), this.#pace.commitIntervalMs);
    });
    return this.#running;
  }

  async #commitDirty(): Promise<void> {
    const dirty = this.#dirty;
    const claims = [...dirty].filter((claim) => claim.next !== claim.committed);
    const offsets = claims.map((claim) => ({ topic: claim.topic, partition: claim.partition, offset: claim.next! }));
    dirty.clear();
    if (claims.length === 0) return;
    try {
      await this.#commit(offsets);
    } catch (error) {
      if (!STALE.has(protocolType(error) ?? '')) for (const claim of claims) dirty.add(claim);
      throw error;
    }
    this.#failures = 0;
    claims.forEach((claim, i) => (claim.committed = offsets[i]!.offset));
  }

  #failed(error: unknown): void {
    this.#failures++;
    if (this.#failures % NOTABLE !== 0) return;
    this.#notices.raise({
      level: 'warn',
      code: 'COMMIT_FAILED',
      message: 'offsets cannot be committed; it is tried again',
      error,
      details: { group: this.#group, failures: this.#failures },
    });
  }
}
