import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { sharedKafka, uniquePrefix } from '../support/kafka.js';
import { countByHand, hasPeps, pepLines, PEPS } from '../support/peps.js';
import { ReferenceApp } from '../support/reference-app.js';

describe.skipIf(!hasPeps)('two instances of the reference application, of which one is killed', () => {
  let dataDir: string;
  beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'busbar-instances-'))));
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it('have the exact figures when the other one has taken over', async () => {
    const { bootstrap } = await sharedKafka();
    const prefix = uniquePrefix();
    const env = { KAFKA_BOOTSTRAP_SERVERS: bootstrap, KAFKA_TOPIC_PREFIX: prefix, KAFKA_GROUP_ID: prefix };
    const doomed = new ReferenceApp(['--input', 'none', '--json', '--data-dir', dataDir], { env });
    await doomed.says('Serving');
    const survivor = new ReferenceApp(['--input', PEPS, '--exit', '--json', '--data-dir', dataDir], { env });
    await doomed.says(/settled [1-9]/);
    doomed.kill('SIGKILL');
    expect((await doomed.ended).signal).toBe('SIGKILL');

    const { debates, decisions, evolutions, eventsByName, derived } = await survivor.summary();
    expect({ debates, decisions, evolutions, eventsByName, derived }).toEqual(countByHand(pepLines()));
  });
});
