import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sharedKafka, uniquePrefix } from '../support/kafka.js';
import { countByHand, hasPeps, pepLines, PEPS } from '../support/peps.js';
import { ReferenceApp } from '../support/reference-app.js';
import { expectExactFigures, handled, HANDLED } from '../support/reference-figures.js';

/** What 736 proposals came to. */
const KNOWN = {
  debates: { initiated: 736, rounds: 897, decided: 686, open: 50, longest: { debateId: 'PEP-649', rounds: 10 } },
  decisions: {
    made: 686,
    byOutcome: { accepted: 448, rejected: 131, withdrawn: 71, deferred: 36 },
    daysToDecide: { known: 163, median: 94, max: 3038 },
  },
  evolutions: { completed: 284, superseded: 32, byRelease: { '3.0': 29 } },
  derived: { evolution_triggered: 448, metric_recorded: 163 },
};

/** The same mixture every time. */
function shuffled(lines: readonly string[]): string[] {
  const mixed = [...lines];
  let state = 1;
  for (let last = mixed.length - 1; last > 0; last--) {
    state = (state * 48_271) % 2_147_483_647;
    const other = state % (last + 1);
    [mixed[last], mixed[other]] = [mixed[other] as string, mixed[last] as string];
  }
  return mixed;
}

describe.skipIf(!hasPeps)('the reference application and the proposals', () => {
  let bootstrap: string;
  let dataDir: string;
  const ownKafka = (): Record<string, string> => {
    const prefix = uniquePrefix();
    return { KAFKA_BOOTSTRAP_SERVERS: bootstrap, KAFKA_TOPIC_PREFIX: prefix, KAFKA_GROUP_ID: prefix };
  };

  beforeAll(async () => {
    ({ bootstrap } = await sharedKafka());
    dataDir = mkdtempSync(join(tmpdir(), 'busbar-peps-'));
  });
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  it('have figures that one can count by hand', () => {
    expect(countByHand(pepLines())).toMatchObject(KNOWN);
  });

  it('agree on the embedded broker', async () => {
    const summary = await new ReferenceApp(['--input', PEPS, '--exit', '--json']).summary();
    expect(summary.input).toEqual({ lines: 2635, published: 2635, rejected: 0 });
    expectExactFigures(summary);
    expect(summary.broker).toBe('embedded');
    expect(handled(summary)).toEqual(HANDLED);
  });

  it('agree on the Kafka that is given', async () => {
    const summary = await new ReferenceApp(['--input', PEPS, '--exit', '--json'], { env: ownKafka() }).summary();
    expectExactFigures(summary);
    expect(summary.broker).toBe(bootstrap);
    expect(handled(summary)).toEqual(HANDLED);
  });

  it('agree when the lines come in any order', async () => {
    const stdin = shuffled(pepLines()).join('\n');
    const summary = await new ReferenceApp(['--input', '-', '--exit', '--json'], { stdin, env: ownKafka() }).summary();
    expect(summary.input.published).toBe(2635);
    expectExactFigures(summary);
    expect(summary.broker).toBe(bootstrap);
  });

  it('agree when every line comes twice', async () => {
    const stdin = pepLines()
      .flatMap((line) => [line, line])
      .join('\n');
    const summary = await new ReferenceApp(['--input', '-', '--exit', '--json'], { stdin, env: ownKafka() }).summary();
    expect(summary.input).toEqual({ lines: 5270, published: 5270, rejected: 0 });
    expectExactFigures(summary);
    expect(handled(summary)).toEqual(HANDLED);
    expect(summary.outcomes['metrics']?.duplicate).toBe(2635);
  });

  it('agree when two instances share the work and the store', async () => {
    const env = ownKafka();
    const helper = new ReferenceApp(['--input', 'none', '--json', '--data-dir', dataDir], { env });
    await helper.says('Serving');
    const feeding = await new ReferenceApp(['--input', PEPS, '--exit', '--json', '--data-dir', dataDir], { env }).summary();
    helper.kill('SIGINT');
    const helping = await helper.summary();

    for (const summary of [feeding, helping]) expectExactFigures(summary);
    expect(handled(feeding, helping)).toEqual(HANDLED);
    for (const name of Object.keys(HANDLED)) expect(helping.outcomes[name]?.handled, `${name} of the second instance`).toBeGreaterThan(0);
  });
});
