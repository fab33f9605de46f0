import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { BusbarError } from '../errors.js';
import type { StartPosition } from '../kafka/driver.js';
import { Reader, records, scene, soon, text, until } from './driver-conformance-stage.js';
import type { DriverConformanceCase } from './driver-conformance.js';

/** Duties of one member of a group: where to begin, order, commits. */
export const READING_CASES: readonly DriverConformanceCase[] = [
  scene('asks where to begin, once per partition, and begins there', async ({ driver, topic, group }) => {
    await driver.produce(topic, 0, records('0', '1', '2', '3'), soon());
    const asked: StartPosition[] = [];
    const reader = new Reader(driver, topic, group, {
      start: (position) => {
        asked.push(position);
        return Promise.resolve(position.partition === 0 ? 2 : position.end);
      },
    });
    await reader.join();

    assert.deepEqual((await reader.read(2)).map(text), ['2', '3']);
    await until(() => asked.length > 1);
    asked.sort((a, b) => a.partition - b.partition);
    assert.deepEqual(
      asked.map(({ partition, committed, beginning, end }) => ({ partition, committed, beginning, end })),
      [
        { partition: 0, committed: undefined, beginning: 0, end: 4 },
        { partition: 1, committed: undefined, beginning: 0, end: 0 },
      ],
    );
  }),

  scene('commits the start offset when it is told to', async ({ driver, topic, group }) => {
    await driver.produce(topic, 0, records('0', '1'), soon());
    const reader = new Reader(driver, topic, group, {
      start: async (position) => {
        await position.commit(position.end);
        return position.end;
      },
    });
    await reader.join();
    await until(async () => (await driver.admin.committed(group, topic))[0]!.offset === 2);
  }),

  scene('asks again when the answer failed, and delivers nothing meanwhile', async ({ driver, topic, group }) => {
    await driver.produce(topic, 0, records('0'), soon());
    let asked = 0;
    const reader = new Reader(driver, topic, group, {
      start: ({ partition, beginning }) => {
        if (partition === 0 && ++asked < 3) return Promise.reject(new Error('the store is not there'));
        return Promise.resolve(beginning);
      },
    });
    await reader.join();

    assert.deepEqual((await reader.read(1)).map(text), ['0']);
    assert.equal(asked, 3);
  }),

  scene('stops for good when offsets are lost', async ({ driver, topic, group }) => {
    await driver.produce(topic, 0, records('0'), soon());
    const reader = new Reader(driver, topic, group, { start: () => Promise.reject(new BusbarError('OFFSETS_LOST', 'gone')) });
    await reader.join();

    assert.equal((await reader.stopped).code, 'OFFSETS_LOST');
    assert.deepEqual(reader.records, []);
  }),

  scene('commits what is settled and begins there again', async ({ driver, topic, group, another }) => {
    await driver.produce(topic, 0, records('0', '1', '2'), soon());
    const first = new Reader(driver, topic, group, { settle: (record) => record.offset < 2 });
    await first.join();
    await first.read(3);
    await first.subscription.flush();
    assert.equal((await driver.admin.committed(group, topic))[0]!.offset, 2);
    await first.subscription.close();

    const second = new Reader(await another(), topic, group);
    await second.join();
    assert.deepEqual((await second.read(1)).map(text), ['2']);
  }),

  scene('commits in the background what nobody flushes', async ({ driver, topic, group }) => {
    await driver.produce(topic, 1, records('0', '1', '2'), soon());
    const reader = new Reader(driver, topic, group);
    await reader.join();
    await reader.read(3);
    await until(async () => (await driver.admin.committed(group, topic))[1]!.offset === 3);
  }),

  scene('hands over one batch of a partition at a time, in log order', async ({ driver, topic, group }) => {
    let running = 0;
    let most = 0;
    const reader = new Reader(driver, topic, group, {
      handle: async () => {
        most = Math.max(most, ++running);
        await sleep(5);
        running--;
      },
    });
    await reader.join();
    const expected: string[] = [];
    for (let i = 0; i < 40; i++) {
      expected.push(`r${i}`);
      await driver.produce(topic, 0, records(`r${i}`), soon());
    }

    assert.deepEqual((await reader.read(40)).map(text), expected);
    assert.equal(most, 1);
  }),
];
