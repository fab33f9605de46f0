import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { compile } from '../../src/kafka/embedded/broker-artefact.js';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

describe('building the embedded broker where it cannot be built', () => {
  let checkout: string;
  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'busbar-test-'));
    for (const part of ['scripts/build-embedded.mjs', 'src/kafka/embedded/broker']) {
      cpSync(join(repository, part), join(checkout, part), { recursive: true });
    }
    mkdirSync(join(checkout, 'bin'));
  });
  afterEach(() => rmSync(checkout, { recursive: true }));

  const build = (): { status: number | null; stderr: string } =>
    spawnSync(process.execPath, [join(checkout, 'scripts/build-embedded.mjs')], { env: { PATH: join(checkout, 'bin') }, encoding: 'utf8' });

  const installGo = (script: string): void => {
    writeFileSync(join(checkout, 'bin/go'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(checkout, 'bin/go'), 0o755);
  };

  it.each([
    ['Go is missing', undefined, 'Go is not installed'],
    ['Go is too old', 'echo go1.25.9', 'go1.25.9 is too old'],
    ['Go is broken', 'echo out of order >&2; exit 2', 'go does not run (out of order)'],
  ])('succeeds when %s, and says so with the ways out', (_, script, problem) => {
    if (script !== undefined) installGo(script);
    const { status, stderr } = build();

    expect(stderr).toContain(problem);
    for (const wayOut of ['install Go 1.26', 'KAFKA_BOOTSTRAP_SERVERS', 'docker compose']) expect(stderr).toContain(wayOut);
    expect(status).toBe(0);
    expect(existsSync(join(checkout, 'dist/src/kafka/embedded/broker.wasm.br'))).toBe(false);
  });

  it('fails when Go can build and the build fails', () => {
    installGo('if [ "$1" = env ]; then echo go1.26.0; else echo broken source >&2; exit 1; fi');
    const { status, stderr } = build();

    expect(stderr).toContain('broken source');
    expect(status).not.toBe(0);
  });
});

it('starting the embedded broker where it was not built names the ways out', async () => {
  await expect(compile(pathToFileURL('/nowhere/broker.wasm.br'))).rejects.toMatchObject({
    code: 'EMBEDDED_NOT_BUILT',
    message: expect.stringMatching(/install Go 1\.26.*KAFKA_BOOTSTRAP_SERVERS.*docker compose/i) as string,
  });
});
