import { BusbarError } from '../../errors.js';
import type { Notices } from '../../telemetry/notices.js';
import type { Claim, ConsumeOptions, GroupMembership, Subscription } from '../driver.js';
import { SimulatedClaim } from './claim.js';
import type { SimulatedClock } from './clock.js';
import { Commits } from './commits.js';
import type { Conditions } from './conditions.js';
import type { GroupMember, SimulatedGroup } from './group.js';
import type { PartitionLog } from './partition-log.js';
import { Reading } from './reading.js';

export interface MemberParts {
  readonly clock: SimulatedClock;
  readonly conditions: Conditions;
  readonly group: SimulatedGroup;
  readonly options: ConsumeOptions;
  readonly notices: Notices;
  readonly commitIntervalMs: number;
  /** How long a rebalance and a close wait for `onRevoked`, in ms. */
  readonly drainMs: number;
  /** How long a group waits for a member that it does not hear of, in ms. */
  readonly sessionTimeoutMs: number;
}

/** A member of a group, from its first join until it is closed or its process crashes. */
export class SimulatedMember implements Subscription, GroupMember {
  readonly topics: readonly string[];
  readonly #parts: MemberParts;
  readonly #commits: Commits;
  readonly #reading: Reading;
  #claims: readonly SimulatedClaim[] = [];
  #generation = 0;
  #standing: GroupMembership;
  #state: 'open' | 'closed' | 'crashed' = 'open';
  #givingBack: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #hasJoined: () => void = () => undefined;
  #hasNot: (error: BusbarError) => void = () => undefined;

  constructor(parts: MemberParts) {
    this.#parts = parts;
    const { clock, conditions, group, options, notices, commitIntervalMs } = parts;
    this.topics = options.topics;
    const commit = (claim: SimulatedClaim, offset: number): void => {
      const { log, topic, partition } = claim;
      if (!claim.owned()) throw new BusbarError('KAFKA_FAILED', `${topic}[${partition}] was given back and is not ours to commit`);
      group.commit(this, this.#generation, log, offset);
    };
    this.#commits = new Commits(clock, conditions, commitIntervalMs, commit);
    this.#reading = new Reading({
      clock,
      conditions,
      options,
      notices,
      committed: ({ log }) => group.committed(log),
      commit,
      stopped: (error) => this.#stop(error),
    });
    this.#standing = { joined: false, since: clock.now(), error: undefined };
  }

  /** Resolves at the first assignment. */
  join(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#hasJoined = resolve;
      this.#hasNot = reject;
      this.#parts.group.join(this);
    });
  }

  claims(): readonly Claim[] {
    return this.#claims;
  }

  get membership(): GroupMembership {
    return this.#standing;
  }

  flush(): Promise<void> {
    return this.#commits.flush();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** The process is gone: nothing is given back, committed or told, and the group finds out after the session timeout. */
  crash(): void {
    if (this.#state === 'crashed') return;
    this.#state = 'crashed';
    this.#leaves();
    this.#commits.stop();
    for (const claim of this.#claims) claim.release();
    this.#claims = [];
    const { clock, group, sessionTimeoutMs } = this.#parts;
    clock.after(sessionTimeoutMs, () => group.leave(this));
    this.#hasNot(new BusbarError('BROKER_UNREACHABLE', 'the process has crashed'));
  }

  rebalance(): void {
    if (this.#state !== 'open' || this.#givingBack !== undefined) return;
    this.#leaves();
    this.#givingBack = this.#giveBack().then(() => {
      this.#givingBack = undefined;
      if (this.#state === 'open') this.#parts.group.join(this);
    });
  }

  assigned(generation: number, partitions: readonly PartitionLog[]): void {
    if (this.#state !== 'open') return;
    this.#generation = generation;
    this.#claims = partitions.map((log): SimulatedClaim => {
      const claim: SimulatedClaim = new SimulatedClaim(log, () => this.#commits.settled(claim));
      return claim;
    });
    this.#standing = { joined: true, since: this.#parts.clock.now(), error: undefined };
    this.#parts.options.onAssigned?.(this.#claims);
    for (const claim of this.#claims) void this.#reading.read(claim);
    this.#hasJoined();
  }

  async #close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closed';
    this.#leaves();
    this.#hasNot(new BusbarError('ILLEGAL_TRANSITION', 'the subscription was closed before it had joined'));
    await (this.#givingBack ?? this.#giveBack());
    if (this.#state === 'closed') this.#parts.group.leave(this);
  }

  /** Whoever answers for the partitions has until the drain is over; what it has settled by then is committed. */
  async #giveBack(): Promise<void> {
    const { clock, drainMs, options, notices } = this.#parts;
    const claims = this.#claims;
    for (const claim of claims) claim.abort();
    if (claims.length > 0) {
      let cancel = (): void => undefined;
      const late = new Promise<void>((resolve) => (cancel = clock.after(drainMs, resolve)));
      const revoked = async (): Promise<void> => options.onRevoked(claims, false);
      const drained = revoked().catch((error: unknown) => {
        const details = { group: options.group };
        notices.raise({ level: 'error', code: 'KAFKA_FAILED', message: 'onRevoked rejected', error, details });
      });
      await Promise.race([drained, late]);
      cancel();
      await this.#commits.flush();
    }
    for (const claim of claims) claim.release();
    this.#commits.stop();
    this.#claims = [];
  }

  #leaves(): void {
    if (this.#standing.joined) this.#standing = { joined: false, since: this.#parts.clock.now(), error: undefined };
  }

  #stop(error: BusbarError): void {
    if (this.#state !== 'open') return;
    // Not awaited: it is called from within a partition's own work, which the closing waits for.
    void this.close();
    this.#parts.options.onStopped(error);
  }
}
