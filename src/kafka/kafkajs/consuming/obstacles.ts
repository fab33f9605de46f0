import type { Notices } from '../../../telemetry/notices.js';
import type { Blocked } from '../../driver.js';
import { Backoff } from '../backoff.js';
import type { PartitionClaim } from './claim.js';

/** What is in the way may be mended at the broker; inflating it again and again would keep everybody else waiting. */
const FIRST_MS = 1_000;
const MOST_MS = 60_000;

/** Batches that cannot be read. Their partition rests and tries them again after a while, longer each time; the others go on. */
export class Obstacles {
  readonly #group: string;
  readonly #notices: Notices;
  readonly #backoffs = new WeakMap<PartitionClaim, Backoff>();
  readonly #resting = new WeakSet<PartitionClaim>();

  constructor(group: string, notices: Notices) {
    this.#group = group;
    this.#notices = notices;
  }

  /** Whether it waits for its next try. */
  rests(claim: PartitionClaim): boolean {
    return this.#resting.has(claim);
  }

  /** Resolves when it is to be tried again, or is over. */
  async rest(claim: PartitionClaim, blocked: Blocked): Promise<void> {
    const { topic, partition } = claim;
    const { error, offset, next } = blocked;
    claim.blocked = blocked;
    this.#notices.raise({
      level: 'error',
      code: error.code,
      message: 'a partition waits before a batch that cannot be read',
      error,
      details: { group: this.#group, topic, partition, offset, next },
    });
    const backoff = this.#backoffs.get(claim) ?? new Backoff(FIRST_MS, MOST_MS);
    this.#backoffs.set(claim, backoff);
    this.#resting.add(claim);
    await backoff.pause(claim.signal);
    this.#resting.delete(claim);
  }

  /** Records came. */
  passed(claim: PartitionClaim): void {
    if (claim.blocked === undefined) return;
    claim.blocked = undefined;
    this.#backoffs.delete(claim);
  }
}
