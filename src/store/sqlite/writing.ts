import type { BusbarError } from '../../errors.js';

/** What was asked of the group commit: `written` knows the result before COMMIT, `committed` whether it is durable. */
export interface Writing<T> {
  readonly written: Promise<T>;
  readonly committed: Promise<void>;
  failed(): boolean;
}

class Deferred<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T | PromiseLike<T>) => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** The writings of one outer transaction: they become durable, or fail, together. */
export class Group {
  size = 0;
  failed = false;
  timer: NodeJS.Timeout | undefined;
  readonly #durable = new Deferred<void>();

  constructor() {
    this.durable.catch(() => {}); // every writing hands it on; a group whose writings all failed has nobody to tell
  }

  get durable(): Promise<void> {
    return this.#durable.promise;
  }

  succeeds(): void {
    this.#durable.resolve();
  }

  fails(error: BusbarError): void {
    this.failed = true;
    this.#durable.reject(error);
  }
}

/** A piece of work on its way through the group commit. */
export class Job<T> implements Writing<T> {
  readonly work: () => T;
  readonly committed: Promise<void>;
  readonly #written = new Deferred<T>();
  readonly #durable = new Deferred<void>();
  #failed = false;
  #group: Group | undefined;

  constructor(work: () => T) {
    this.work = work;
    this.committed = this.written.then(() => this.durable);
    this.committed.catch(() => {}); // whoever writes is told by `written`, or by the promise itself
    this.durable.catch(() => {});
  }

  get written(): Promise<T> {
    return this.#written.promise;
  }

  /** Of the group that it went into, also when its own work failed. */
  get durable(): Promise<void> {
    return this.#durable.promise;
  }

  failed(): boolean {
    return this.#failed || this.#group?.failed === true;
  }

  joins(group: Group): void {
    this.#group = group;
    this.#durable.resolve(group.durable);
  }

  /** The COMMIT failed because of this writing alone, which is told so as of a failure of its work. */
  leaves(): void {
    this.#group = undefined;
  }

  succeeds(value: T): void {
    this.#written.resolve(value);
  }

  fails(error: unknown): void {
    this.#written.reject(error);
  }

  neverBegins(error: BusbarError): void {
    this.#failed = true;
    this.#durable.reject(error);
    this.#written.reject(error);
  }
}
