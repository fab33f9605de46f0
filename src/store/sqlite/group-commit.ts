import { BusbarError } from '../../errors.js';
import { BusyWait } from './busy.js';
import type { Connection } from './connection.js';
import { isConstraint, isFaultOfTheStore, storeFailed } from './sqlite-error.js';
import { Group, Job, type Writing } from './writing.js';

const MOST_WRITINGS = 256;
const LONGEST_MS = 5;

/**
 * Lets many small writings share one COMMIT, and so one fsync. Each runs at once, in the order of the calls, in a
 * savepoint of its own: one that fails takes nothing with it. The group is committed after 256 writings or 5 ms. While
 * another process holds the lock, writings wait in line and nothing blocks.
 *
 * After a failed COMMIT as many writings are committed alone, so that one that breaks a deferred constraint fails by
 * itself instead of taking its neighbours down again and again.
 */
export class GroupCommit {
  readonly #connection: Connection;
  readonly #queue: Job<unknown>[] = [];
  #group: Group | undefined;
  #wait = new BusyWait();
  /** A BEGIN or COMMIT waits for the lock. */
  #paused = false;
  #committing = false;
  #running = false;
  #hurry = false;
  /** Writings that are still to be committed alone. */
  #alone = 0;
  #closed = false;
  #lostGroups = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Transactions that could not begin or commit; not those of one writing that failed by its own doing. */
  get lostGroups(): number {
    return this.#lostGroups;
  }

  run<T>(work: () => T): Writing<T> {
    const job = new Job(work);
    if (this.#closed) {
      job.neverBegins(new BusbarError('STORE_CLOSED', 'the store is closed'));
      return job;
    }
    this.#queue.push(job);
    this.#drain();
    return job;
  }

  /** Resolves when everything asked for so far is durable; rejects when a COMMIT of it failed. */
  async committed(): Promise<void> {
    await Promise.all([this.#group?.durable, ...this.#queue.map(({ durable }) => durable)]);
  }

  async flush(): Promise<void> {
    const done = this.committed();
    this.#hurry = true;
    this.#drain();
    await done;
  }

  /** Takes nothing more and commits what is pending. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
  }

  #drain(): void {
    // A work may ask for another writing: it takes its turn when this one is over.
    if (this.#running || this.#paused) return;
    while (this.#queue.length > 0) {
      if (this.#group === undefined && !this.#begin()) return;
      this.#execute(this.#queue.shift() as Job<unknown>);
      if (this.#group !== undefined && this.#group.size >= MOST_WRITINGS) this.#commit();
      if (this.#paused) return;
    }
    if (this.#hurry) this.#commit();
    this.#hurry = this.#paused;
  }

  #begin(): boolean {
    try {
      this.#connection.exec('begin immediate');
    } catch (error) {
      if (this.#awaitLock(error)) return false;
      const failure = storeFailed('a transaction could not begin', error);
      this.#lostGroups += 1;
      for (const job of this.#queue.splice(0)) job.neverBegins(failure);
      return false;
    }
    this.#wait = new BusyWait();
    this.#group = new Group();
    this.#group.timer = setTimeout(() => {
      if (!this.#paused) this.#commit();
    }, LONGEST_MS);
    return true;
  }

  #execute(job: Job<unknown>): void {
    const group = this.#group as Group;
    job.joins(group);
    this.#running = true;
    try {
      const value = this.#inSavepoint(job.work, group);
      group.size += 1;
      if (this.#alone > 0) this.#commitAlone(job);
      job.succeeds(value);
    } catch (error) {
      job.fails(isFaultOfTheStore(error) ? storeFailed('the store failed under a transaction', error) : error);
    } finally {
      this.#running = false;
    }
  }

  #inSavepoint<T>(work: () => T, group: Group): T {
    let value: T;
    try {
      this.#connection.exec('savepoint busbar');
      value = work();
    } catch (error) {
      this.#undo(group, error);
      throw error;
    }
    try {
      this.#connection.exec('release busbar');
    } catch (error) {
      throw this.#lose(group, storeFailed('the transaction was ended under the work', error));
    }
    return value;
  }

  /** SQLite rolls the whole transaction back by itself when the disk is full and the like: then the savepoint is gone. */
  #undo(group: Group, cause: unknown): void {
    try {
      this.#connection.exec('rollback to busbar');
      this.#connection.exec('release busbar');
    } catch {
      throw this.#lose(group, storeFailed('the transaction was rolled back under the work', cause));
    }
  }

  #commitAlone(job: Job<unknown>): void {
    this.#alone -= 1;
    const group = this.#group as Group;
    const failedBefore = this.#lostGroups;
    const cause = this.#commit();
    if (!group.failed || !isConstraint(cause)) return;
    this.#lostGroups = failedBefore;
    job.leaves();
    throw cause; // its own doing: the writing itself fails, as its statement would have
  }

  /** Returns what made it fail. */
  #commit(): unknown {
    const group = this.#group;
    if (group === undefined) return undefined;
    clearTimeout(group.timer);
    try {
      this.#connection.exec('commit');
    } catch (error) {
      this.#committing = this.#awaitLock(error);
      if (!this.#committing) this.#lose(group, storeFailed('a group of settlements could not be committed', error));
      return error;
    }
    this.#wait = new BusyWait();
    this.#committing = false;
    this.#group = undefined;
    group.succeeds();
    return undefined;
  }

  #lose(group: Group, failure: BusbarError): BusbarError {
    clearTimeout(group.timer);
    this.#wait = new BusyWait();
    this.#group = undefined;
    this.#lostGroups += 1;
    this.#alone = Math.max(this.#alone, group.size);
    group.fails(failure);
    if (this.#connection.inTransaction !== false) this.#rollback();
    return failure;
  }

  #rollback(): void {
    try {
      this.#connection.exec('rollback');
    } catch {
      // There was no transaction any more, or the next BEGIN fails and says why.
    }
  }

  #awaitLock(error: unknown): boolean {
    const pause = this.#wait.next(error);
    if (pause === undefined) {
      this.#wait = new BusyWait();
      return false;
    }
    this.#paused = true;
    setTimeout(() => {
      this.#paused = false;
      if (this.#committing) this.#commit();
      this.#drain();
    }, pause);
    return true;
  }
}
