import { expect } from 'vitest';

import type { Handled } from '../../src/inbound/line-options.js';
import { OutcomeTally } from '../../src/inbound/outcome-tally.js';
import { PartitionLine } from '../../src/inbound/partition-line.js';
import type { Scope } from '../../src/inbound/scope.js';
import type { InRecord } from '../../src/kafka/record.js';
import type { MaybePromise } from '../../src/maybe-promise.js';
import { deferred, settleDown, TestClaim, type Deferred } from './records.js';

export const HANDLED: Handled = { outcome: 'handled', safe: undefined };

export interface LineSetup {
  concurrency?: number;
  maxInFlight?: number;
  handle?: (record: InRecord, scope: Scope) => MaybePromise<Handled>;
}

/** A line of records whose handlers end when the test says so; its books are checked at every look. */
export function setUp({ concurrency = 1, maxInFlight = 100, handle }: LineSetup = {}) {
  const claim = new TestClaim();
  const tally = new OutcomeTally([]);
  const begun: number[] = [];
  const failures: unknown[] = [];
  const restarts: unknown[] = [];
  const running = new Map<number, Deferred<Handled>>();
  const line = new PartitionLine({
    claim,
    concurrency,
    maxInFlight,
    tally,
    handle: (record, scope) => {
      begun.push(record.offset);
      if (handle !== undefined) return handle(record, scope);
      const result = deferred<Handled>();
      running.set(record.offset, result);
      return result.promise;
    },
    onFailed: (error) => failures.push(error),
    onBeginAgain: (error) => restarts.push(error),
  });
  const end = async (offset: number, handled: Handled = HANDLED): Promise<void> => {
    running.get(offset)?.resolve(handled);
    await settleDown();
  };
  const books = () => {
    const { delivered, inFlight, abandoned, ...outcomes } = tally.snapshot();
    expect(delivered).toBe(Object.values(outcomes).reduce((sum, count) => sum + count, 0) + inFlight + abandoned);
    return tally.snapshot();
  };
  return { claim, line, begun, failures, restarts, running, end, books };
}
