import 'reflect-metadata';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Landscape } from '../support/landscape.js';
import { checkMirror } from '../support/mirror-property.js';
import type { Defect } from '../support/simulated-instance.js';
import { topologies, type Step } from '../support/topology.js';

/** `BUSBAR_SEED` repeats a run that was printed, `BUSBAR_TOPOLOGIES` says how many topologies each test tries. */
const SEED = Number(process.env['BUSBAR_SEED'] ?? 1);
const RUNS = Number(process.env['BUSBAR_TOPOLOGIES'] ?? 100);

/** Plays random topologies until one is not as it should be. */
async function play(crashes: boolean, defect?: Defect) {
  const began = Date.now();
  let played = 0;
  let events = 0;
  let mirrored = 0;
  let most = 0;
  const property = fc.asyncProperty(topologies({ crashes }), async (topology) => {
    const { ledger, records, copies } = await Landscape.played(topology, defect);
    played++;
    events += ledger.published.size;
    mirrored += ledger.mirrored;
    most = Math.max(most, topology.services.length);
    const has = (what: Step['kind']): boolean => topology.steps.some(({ kind }) => kind === what);
    checkMirror(ledger, { records, crashes: has('crash'), copiesPass: copies > 0 && has('restart') });
  });
  const details = await fc.check(property, { seed: SEED, numRuns: RUNS, endOnFailure: defect !== undefined });
  const seconds = ((Date.now() - began) / 1_000).toFixed(1);
  const what = defect ?? (crashes ? 'with crashes' : 'without crashes');
  const figures = `${played} topologies of up to ${most} services, ${events} events, heard ${mirrored} times elsewhere`;
  console.log(`mirror, ${what}: ${figures}, seed ${SEED}, ${seconds} s`);
  return { failed: details.failed, why: String(details.errorInstance), report: fc.defaultReportMessage(details), mirrored };
}

describe('services that mirror the same topics', () => {
  it('hear each event once, never their own, and nothing is sent twice', async () => {
    const details = await play(false);
    expect(details.failed, details.report).toBe(false);
    expect(details.mirrored).toBeGreaterThan(RUNS);
  });

  it('hear each event at least once when processes crash', async () => {
    const details = await play(true);
    expect(details.failed, details.report).toBe(false);
  });
});

describe('the property fails', () => {
  it('when nobody leaves out what went out here', async () => {
    const details = await play(false, 'no echo filter');
    expect(details.failed).toBe(true);
    expect(details.why).toContain('it hears its own event back');
  });

  it('when what is heard is sent again', async () => {
    const details = await play(false, 'outlet on the hearing side');
    expect(details.failed).toBe(true);
    expect(details.why).toMatch(/\d+ records are on the log, and \d+ events were sent/);
  });
});
