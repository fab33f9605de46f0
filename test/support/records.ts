import type { Claim } from '../../src/kafka/driver.js';
import type { InRecord } from '../../src/kafka/record.js';

/** A record as it could have been read; its value says which one it is. */
export function inRecord(offset: number, init: Partial<InRecord> & { keyText?: string | undefined } = {}): InRecord {
  const { keyText, ...rest } = init;
  return {
    topic: 'busbar.decision-events',
    partition: 0,
    offset,
    timestamp: 1_700_000_000_000 + offset,
    key: keyText === undefined ? null : Buffer.from(keyText),
    value: Buffer.from(`{"n":${offset}}`),
    headers: {},
    ...rest,
  };
}

/** A claim whose owner is the test. */
export class TestClaim implements Claim {
  readonly topic = 'busbar.decision-events';
  readonly partition = 0;
  readonly #revoke = new AbortController();
  /** Every offset that was let go, in order. */
  readonly offsets: number[] = [];

  get signal(): AbortSignal {
    return this.#revoke.signal;
  }

  owned(): boolean {
    return !this.#revoke.signal.aborted;
  }

  settled(next: number): void {
    this.offsets.push(next);
  }

  revoke(): void {
    this.#revoke.abort();
  }
}

/** A promise and the means to settle it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { promise, resolve, reject };
}

/** Lets everything that is ready run: microtasks and the immediates behind them. */
export async function settleDown(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
