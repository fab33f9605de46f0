import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, it } from 'vitest';

import { sharedKafka, uniquePrefix } from '../support/kafka.js';
import { hasPeps } from '../support/peps.js';
import { expectToSurvive } from '../support/reference-kills.js';

/** Each costs the session of the killed member: its partitions rest for 10 s. */
const KILLS = 20;

describe.skipIf(!hasPeps)(`the reference application on Apache Kafka, killed ${KILLS} times while it works on the proposals`, () => {
  let dataDir: string;
  beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'busbar-kills-'))));
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it(
    'has the exact figures in the end',
    async () => {
      const { bootstrap } = await sharedKafka();
      const prefix = uniquePrefix();
      await expectToSurvive(KILLS, dataDir, { KAFKA_BOOTSTRAP_SERVERS: bootstrap, KAFKA_TOPIC_PREFIX: prefix, KAFKA_GROUP_ID: prefix });
    },
    KILLS * 40_000,
  );
});
