import type { BusbarError } from '../../errors.js';

/** What was asked of the group commit: `written` knows the result before COMMIT, `committed` whether it is durable. */
export interface Writing<T> {
  readonly written: Promise<T>;
  readonly committed: Promise<void>;
}

/** A promise that is made when somebody asks for it: most writings are done before anybody does, and promises cost. */
class Deferred<T> {
  #promise: Promise<T> | undefined;
  #result: (() => T | Promise<T>) | undefined;
  #known: (() => void) | undefined;

  get promise(): Promise<T> {
    return (this.#promise ??= this.#untilKnown());
  }

  resolve(value: T | Promise<T>): void {
    this.#result = () => value;
    this.#known?.();
  }

  reject(error: unknown): void {
    this.#result = () => {
      throw error;
    };
    this.#known?.();
  }

  async #untilKnown(): Promise<T> {
    if (this.#result === undefined) await new Promise<void>((resolve) => (this.#known = resolve));
    return this.#result!();
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
  readonly #written = new Deferred<T>();
  readonly #committed = new Deferred<void>();
  readonly #durable = new Deferred<void>();
  #succeeded = false;
  #group: Group | undefined;

  constructor(work: () => T) {
    this.work = work;
  }

  get written(): Promise<T> {
    return this.#written.promise;
  }

  get committed(): Promise<void> {
    if (this.#succeeded) return this.#group!.durable;
    return unheard(this.#committed.promise); // whoever writes is told by `written`, or by the promise itself
  }

  /** Of the group that it went into, also when its own work failed. */
  get durable(): Promise<void> {
    return unheard(this.#durable.promise);
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
    this.#succeeded = true;
    this.#written.resolve(value);
    this.#committed.resolve(this.committed);
  }

  fails(error: unknown): void {
    this.#written.reject(error);
    this.#committed.reject(error);
  }

  neverBegins(error: BusbarError): void {
    this.#durable.reject(error);
    this.fails(error);
  }
}

function unheard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
