import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sqliteStore } from 'busbar/store';
import Libsql from 'libsql';
import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Store } from '../../src/store/store.js';

const STORE = new URL('../../src/store/sqlite/sqlite-store.js', import.meta.url).href;

/** Settles `r-0` to `r-<count - 1>` in a process of its own, each with an effect and a staged record, and says what it did. */
const SETTLING = `
  import Libsql from 'libsql';
  import { sqliteStore } from ${JSON.stringify(STORE)};
  const [file, count, until] = process.argv.slice(1);
  const store = sqliteStore({ open: () => new Libsql(file) });
  await store.open();
  const record = (id) => ({ id, topic: 't', key: null, value: Buffer.from(id), headers: {}, timestamp: 1 });
  const settlings = Array.from({ length: Number(count) }, (_, index) =>
    store.settle({
      row: { group: 'g', source: '/s', id: 'r-' + index, outcome: 'handled', topic: 't', partition: 0, offset: index },
      work(tx) {
        tx.run('update effects set done = done + 1');
        return [record('s-' + index)];
      },
    }),
  );
  await Promise.all(settlings.map((settling) => settling[until]));
  const { writeSync } = await import('node:fs');
  const answers = await Promise.all(settlings.map(({ written }) => written));
  writeSync(1, JSON.stringify(answers.filter(({ result }) => result === 'written').length));
  if (until === 'written') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // no timer may COMMIT any more
  await store.close();
`;

let directory: string;
let file: string;
let store: Store;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'busbar-processes-'));
  file = join(directory, 'store.db');
  store = sqliteStore({ open: () => new Libsql(file) });
  await store.open();
  await store.transaction((tx) => {
    tx.run('create table effects (done integer)');
    tx.run('insert into effects values (0)');
  });
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

function settling(count: number, until: 'written' | 'committed') {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SETTLING, file, String(count), until], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const said = once(child.stdout, 'data').then(([data]) => Number(data));
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  return { said, exited, kill };
}

const effects = async () => (await store.read<{ done: number }>('select done from effects'))[0]?.done;

test('of a process killed between the savepoints and the COMMIT nothing is seen', async () => {
  const child = settling(20, 'written');
  expect(await child.said).toBe(20);
  await child.kill();
  expect(await effects()).toBe(0);
  for (let index = 0; index < 20; index++) {
    expect(store.find('g', '/s', `r-${index}`)).toBeUndefined();
    expect(store.staged('g', '/s', `r-${index}`)).toEqual([]);
  }
});

test('of a process killed after the COMMIT everything is seen', async () => {
  const child = settling(300, 'committed');
  expect(await child.said).toBe(300);
  await child.kill();
  expect(await effects()).toBe(300);
  for (let index = 0; index < 300; index++) {
    expect(store.find('g', '/s', `r-${index}`)).toBeDefined();
    expect(store.staged('g', '/s', `r-${index}`)).toMatchObject([{ id: `s-${index}` }]);
  }
});

test('a writer killed inside its transaction does not stand in the way of the others', async () => {
  const child = settling(5, 'written');
  await child.said;
  const waiting = store.transaction((tx) => tx.run('update effects set done = done + 100'));
  await child.kill();
  await waiting;
  expect(await effects()).toBe(100);
});

test('processes that settle the same records at once settle each of them once', async () => {
  const children = [settling(2_000, 'committed'), settling(2_000, 'committed')];
  const written = await Promise.all(children.map(({ said }) => said));
  await Promise.all(children.map(({ exited }) => exited));
  expect((written[0] ?? 0) + (written[1] ?? 0)).toBe(2_000);
  expect(await effects()).toBe(2_000);
});
