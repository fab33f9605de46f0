import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'libsql';
import { afterEach, onTestFinished } from 'vitest';

import type { EventContext } from '../../src/bus/event-context.js';
import { Handles } from '../../src/processor/handles.js';
import { Processor } from '../../src/processor/processor.js';
import { ProcessorOptions, type ProcessorSettings } from '../../src/processor/processor-options.js';
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import type { Store } from '../../src/store/store.js';
import { TestApplication, type TestApplicationOptions } from './application.js';
import { OrderBilled, OrderPlaced } from './events.js';

/** Starts applications that are stopped after each test of the file that calls this. */
export function applications(): (options: TestApplicationOptions) => Promise<TestApplication> {
  let running: TestApplication[] = [];
  afterEach(async () => {
    for (const application of running) await application.stop();
    running = [];
  });
  return async (options) => {
    const application = await TestApplication.start(options);
    running.push(application);
    return application;
  };
}

/** The path of a database that goes with the test. */
export function temporaryDatabase(): string {
  const directory = mkdtempSync(join(tmpdir(), 'busbar-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'busbar.db');
}

export function newStore(): Store {
  const path = temporaryDatabase();
  return sqliteStore({ open: () => new Database(path) });
}

export const withAndWithoutStore: readonly [string, () => Store | undefined][] = [
  ['with a store', newStore],
  ['without a store', () => undefined],
];

export const placed = (orderId: string, amount = 1): OrderPlaced => new OrderPlaced({ orderId, amount });

/** A processor named billing that does with an order what the test says, and may publish bills. */
export function billing(
  handle: (event: OrderPlaced, ctx: EventContext) => void | Promise<void>,
  settings: Omit<ProcessorSettings, 'name'> = {},
): Processor {
  @ProcessorOptions({ name: 'billing', publishes: [OrderBilled], ...settings })
  class Billing extends Processor {
    @Handles(OrderPlaced) placed(event: OrderPlaced, ctx: EventContext): void | Promise<void> {
      return handle(event, ctx);
    }
  }
  return new Billing();
}
