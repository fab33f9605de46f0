import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import Libsql from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { countByHand, hasPeps, pepLines, PEPS } from '../support/peps.js';
import { ReferenceApp } from '../support/reference-app.js';

const KILLS = Number(process.env['BUSBAR_KILLS'] ?? 3);
/** What the metrics processor settles in all: 2,635 events of the input and 611 derived ones. */
const ALL = 3246;

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

describe.skipIf(!hasPeps)(`the reference application, killed ${KILLS} times while it works on the proposals`, () => {
  let dataDir: string;
  beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'busbar-kills-'))));
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it(
    'has the exact figures in the end',
    async () => {
      const args = ['--input', PEPS, '--exit', '--json', '--data-dir', dataDir];
      for (let kill = 1; kill <= KILLS; kill++) {
        // Spread over the whole way from the first settlement to the last, and never before this run has done something.
        const target = Math.max(Math.ceil(((kill - 0.5) / KILLS) * ALL), settledIn(dataDir) + 1);
        const app = new ReferenceApp(args);
        while (app.isRunning && settledIn(dataDir) < target) await pause(5);
        app.kill('SIGKILL');
        const { signal, stderr } = await app.ended;
        const settled = settledIn(dataDir);
        const progress = stderr.split('\n').findLast((line) => line.startsWith('published')) ?? 'nothing yet';
        console.log(`kill ${kill} of ${KILLS}: ${settled} of ${ALL} events settled for good; it had said: ${progress}`);
        expect({ signal, settled }, stderr).toEqual({
          signal: 'SIGKILL',
          settled: expect.toSatisfy((count: number) => count > 0 && count < ALL),
        });
      }

      const { input, outcomes, debates, decisions, evolutions, eventsByName, derived } = await new ReferenceApp(args).summary();
      expect({ debates, decisions, evolutions, eventsByName, derived }).toEqual(countByHand(pepLines()));
      expect(input).toEqual({ lines: 2635, published: 2635, rejected: 0 });
      for (const { delivered, ...ends } of Object.values(outcomes)) {
        expect(Object.values(ends).reduce((sum, count) => sum + count, 0)).toBe(delivered);
      }
    },
    60_000 + KILLS * 30_000,
  );
});
