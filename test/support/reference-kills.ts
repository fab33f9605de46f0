import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import Libsql from 'libsql';
import { expect } from 'vitest';

import { PEPS } from './peps.js';
import { ReferenceApp } from './reference-app.js';
import { expectExactFigures, HANDLED } from './reference-figures.js';

/** What the metrics processor settles in all: 2,635 events of the input and 611 derived ones. */
const ALL = HANDLED.metrics;

/** Events that the metrics processor has settled for good, read from the store beside the application. */
function settledIn(dataDir: string): number {
  try {
    const store = new Libsql(join(dataDir, 'busbar.db'), { readonly: true, fileMustExist: true });
    try {
      const [row] = store.prepare('select coalesce(sum(input + derived), 0) as settled from event_counts').all() as { settled: number }[];
      return row?.settled ?? 0;
    } finally {
      store.close();
    }
  } catch (error) {
    // The application has not come so far yet.
    if (/no such table|unable to open|busy|locked/i.test(String(error))) return 0;
    throw error;
  }
}

/** Kills the reference application so many times while it works on the proposals; then it has the exact figures in the end. */
export async function expectToSurvive(kills: number, dataDir: string, env: Record<string, string> = {}): Promise<void> {
  const args = ['--input', PEPS, '--exit', '--json', '--data-dir', dataDir];
  for (let kill = 1; kill <= kills; kill++) {
    // Spread over the whole way from the first settlement to the last, and never before this run has done something.
    const target = Math.max(Math.ceil(((kill - 0.5) / kills) * ALL), settledIn(dataDir) + 1);
    const app = new ReferenceApp(args, { env });
    while (app.isRunning && settledIn(dataDir) < target) await pause(5);
    app.kill('SIGKILL');
    const { signal, stderr } = await app.ended;
    const settled = settledIn(dataDir);
    const progress = stderr.split('\n').findLast((line) => line.startsWith('published')) ?? 'nothing yet';
    console.log(`kill ${kill} of ${kills}: ${settled} of ${ALL} events settled for good; it had said: ${progress}`);
    expect({ signal, settled }, stderr).toEqual({
      signal: 'SIGKILL',
      settled: expect.toSatisfy((count: number) => count > 0 && count < ALL),
    });
  }

  const summary = await new ReferenceApp(args, { env }).summary();
  expect(summary.input).toEqual({ lines: 2635, published: 2635, rejected: 0 });
  expectExactFigures(summary);
}
