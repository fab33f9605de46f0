import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, describe, expect, it } from 'vitest';

import { claim, DataDirLock } from '../../src/kafka/embedded/data-dir-lock.js';
import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { consume, endOffset, kafkajsClient } from '../support/kafkajs-client.js';

const root = mkdtempSync(join(tmpdir(), 'busbar-test-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const newDirectory = (): string => mkdtempSync(join(root, 'data-'));

let child: ChildProcess | undefined;
afterEach(() => void child?.kill('SIGKILL'));

/** Starts the writing process and reads what it says until `enough` says so. */
async function runWriter(dataDir: string, enough: (line: string) => boolean): Promise<string[]> {
  child = spawn(process.execPath, [fileURLToPath(new URL('../support/embedded-child.js', import.meta.url)), dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout!)) {
    lines.push(line);
    if (enough(line)) return lines;
  }
  throw new Error(`the writer ended by itself after: ${lines.slice(-3).join(', ')}`);
}

async function kill(): Promise<void> {
  const gone = once(child!, 'exit');
  child!.kill('SIGKILL');
  await gone;
}

const highest = (lines: readonly string[], word: string): number =>
  Math.max(-1, ...lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.split(' ')[1])));

async function committedOffset(bootstrap: string): Promise<number> {
  const admin = kafkajsClient(bootstrap).admin();
  await admin.connect();
  const [topic] = await admin.fetchOffsets({ groupId: 'readers', topics: ['numbers'] });
  await admin.disconnect();
  return Number(topic?.partitions[0]?.offset);
}

describe('a data directory whose process is killed with SIGKILL, again and again', () => {
  it('keeps every acknowledged record in its place and the committed offset', async () => {
    const dataDir = newDirectory();
    let acked = -1;
    let committed = -1;
    for (let round = 0; round < 3; round += 1) {
      const target = acked + 10;
      const lines = await runWriter(dataDir, (line) => line === `committed ${target}`);
      await kill();
      acked = highest(lines, 'acked');
      committed = highest(lines, 'committed');
      if (round !== 0) continue;
      // A clean stop writes a snapshot; the kills after it must not fall back to that.
      const between = await startEmbeddedKafka({ dataDir });
      await between.stop();
    }

    const kafka = await startEmbeddedKafka({ dataDir });
    const count = await endOffset(kafkajsClient(kafka.bootstrap), 'numbers');
    expect(count).toBeGreaterThan(acked);
    expect(await consume(kafkajsClient(kafka.bootstrap), 'numbers', 'a-new-group', count)).toEqual(
      Array.from({ length: count }, (_, offset) => String(offset)),
    );
    expect(await committedOffset(kafka.bootstrap)).toBeGreaterThanOrEqual(committed);
    await kafka.stop();
  });
});

describe('the lock of a data directory', () => {
  it('keeps a second broker out while another process has it, and lets it in when that process was killed', async () => {
    const dataDir = newDirectory();
    await runWriter(dataDir, (line) => line === 'ready');

    await expect(startEmbeddedKafka({ dataDir })).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' });
    await kill();
    await (await startEmbeddedKafka({ dataDir })).stop();
  });

  it('keeps a second broker of the same process out until the first has stopped or crashed', async () => {
    const dataDir = newDirectory();
    const first = await startEmbeddedKafka({ dataDir });
    await expect(startEmbeddedKafka({ dataDir })).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' });

    first.onCrash(() => undefined);
    await first.crash();
    const second = await startEmbeddedKafka({ dataDir });
    await second.stop();
    await (await startEmbeddedKafka({ dataDir })).stop();
  });

  it('is taken over from a dead owner by exactly one of many that start at once', async () => {
    const directory = newDirectory();
    for (let round = 0; round < 20; round += 1) {
      const starters = await Promise.allSettled(Array.from({ length: 8 }, () => DataDirLock.acquire(directory)));
      const winners = starters.flatMap((starter) => (starter.status === 'fulfilled' ? [starter.value] : []));
      const refusals = starters.flatMap((starter) => (starter.status === 'rejected' ? [(starter.reason as { code: string }).code] : []));

      expect(winners).toHaveLength(1);
      expect(new Set(refusals)).toEqual(new Set(['DATA_DIR_IN_USE']));
      await winners[0]!.release();
    }
  });

  it('is not given to a starter that comes back late with a number long passed', async () => {
    const directory = newDirectory();
    await (await DataDirLock.acquire(directory)).release();
    const owner = await DataDirLock.acquire(directory);
    writeFileSync(join(directory, 'late'), '');

    expect(await claim(directory, 'late', 1)).toBe(false);
    expect(readdirSync(directory).toSorted()).toEqual(['late', 'lock.2']);
    await owner.release();
  });

  it('works where the path is longer than the address of a Unix socket', async () => {
    const directory = join(newDirectory(), 'x'.repeat(120));
    mkdirSync(directory);
    const lock = await DataDirLock.acquire(directory);

    await expect(DataDirLock.acquire(directory)).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' });
    await lock.release();
  });
});

describe('a temporary data directory', () => {
  it('that a killed process left behind is removed by the next broker, one in use is not', async () => {
    const abandoned = mkdtempSync(join(tmpdir(), 'busbar-kafka-'));
    await (await DataDirLock.acquire(abandoned)).release();
    const first = await startEmbeddedKafka();
    const second = await startEmbeddedKafka();

    expect([abandoned, first.dataDir, second.dataDir].map((path) => existsSync(path))).toEqual([false, true, true]);
    await Promise.all([first.stop(), second.stop()]);
  });
});

it('a data directory that cannot be made is an error that names it', async () => {
  const file = join(newDirectory(), 'file');
  writeFileSync(file, '');

  await expect(startEmbeddedKafka({ dataDir: join(file, 'below') })).rejects.toMatchObject({
    code: 'EMBEDDED_FAILED',
    message: expect.stringContaining(file) as string,
  });
});
