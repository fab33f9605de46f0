import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, it } from 'vitest';

import { hasPeps } from '../support/peps.js';
import { expectToSurvive } from '../support/reference-kills.js';

const KILLS = Number(process.env['BUSBAR_KILLS'] ?? 3);

describe.skipIf(!hasPeps)(`the reference application, killed ${KILLS} times while it works on the proposals`, () => {
  let dataDir: string;
  beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'busbar-kills-'))));
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it('has the exact figures in the end', () => expectToSurvive(KILLS, dataDir), 60_000 + KILLS * 30_000);
});
