import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Batch, KafkaDriver } from '../kafka/driver.js';
import { gate, Reader, records, scene, soon, text, until } from './driver-conformance-stage.js';
import type { DriverConformanceCase } from './driver-conformance.js';

/** Duties towards other partitions and other members. */
export const GROUP_CASES: readonly DriverConformanceCase[] = [
  scene('does not let a slow partition hold the others', async ({ driver, topic, group }) => {
    const opened = gate();
    const reader = new Reader(driver, topic, group, {
      handle: ({ claim }) => (claim.partition === 0 ? opened.promise : Promise.resolve()),
    });
    await reader.join();
    await driver.produce(topic, 0, records('slow'), soon());
    for (let i = 0; i < 5; i++) {
      await driver.produce(topic, 0, records(`slow ${i}`), soon());
      await driver.produce(topic, 1, records(`quick ${i}`), soon());
    }
    await until(() => reader.records.filter(({ partition }) => partition === 1).length === 5);
    assert.deepEqual(reader.revoked, []);
    assert.equal(reader.records.filter(({ partition }) => partition === 0).length, 0);

    opened.open();
    await reader.read(11);
  }),

  scene('stays in the group while a handler runs longer than the session', async ({ driver, topic, group, sessionTimeoutMs }) => {
    const handle = ({ records: [record] }: Batch): Promise<void> =>
      record !== undefined && text(record) === 'long' ? sleep(sessionTimeoutMs * 1.5) : Promise.resolve();
    const reader = new Reader(driver, topic, group, { handle });
    await reader.join();
    // A new group on a new topic may have to join twice, when its coordinator or the leaders are just settling.
    await driver.produce(topic, 0, records('quick'), soon());
    await reader.read(1);
    const before = reader.revoked.length;
    await driver.produce(topic, 0, records('long'), soon());
    await reader.read(2);

    assert.equal(reader.revoked.length, before);
    assert.ok(reader.subscription.claims().every((claim) => claim.owned() && !claim.signal.aborted));
  }),

  scene('gives a partition away only after it was drained and committed', async ({ driver, topic, group, another }) => {
    const log: string[] = [];
    const opened = gate();
    await driver.produce(topic, 0, records('0', '1'), soon());
    await driver.produce(topic, 1, records('0', '1'), soon());
    const first = new Reader(driver, topic, group, {
      handle: async ({ claim }) => {
        await opened.promise;
        log.push(`first handled ${claim.partition}`);
      },
      onRevoked: async (claims) => {
        assert.ok(claims.every((claim) => claim.signal.aborted && claim.owned()));
        opened.open();
        await first.idle();
        log.push('first drained');
      },
    });
    await first.join();
    await until(() => first.busy === 2);
    const second = new Reader(await another(), topic, group, { handle: () => Promise.resolve(void log.push('second handled')) });
    await second.join();
    await until(() => first.subscription.claims().length === 1 && second.subscription.claims().length === 1);
    await driver.produce(topic, second.subscription.claims()[0]!.partition, records('2'), soon());

    assert.deepEqual((await second.read(1)).map(text), ['2']);
    assert.deepEqual(log.slice(0, 3).sort(), ['first drained', 'first handled 0', 'first handled 1']);
    assert.ok(first.revoked.every((claim) => !claim.owned()));
  }),

  scene('says whether the group counts on it, and since when', async ({ driver, topic, group, another }) => {
    const began = Date.now();
    const whileRevoked: boolean[] = [];
    const first: Reader = new Reader(driver, topic, group, {
      onRevoked: () => Promise.resolve(void whileRevoked.push(first.subscription.membership.joined)),
    });
    await first.join();
    await until(() => first.subscription.membership.joined);
    const { since, error } = first.subscription.membership;
    assert.ok(since >= began && since <= Date.now());
    assert.equal(error, undefined);

    const second = new Reader(await another(), topic, group);
    await second.join();
    await until(() => first.subscription.claims().length === 1 && first.subscription.membership.joined);
    assert.ok(first.subscription.membership.since > since);
    assert.ok(whileRevoked.length > 0 && !whileRevoked.includes(true));

    await first.subscription.close();
    assert.equal(first.subscription.membership.joined, false);
  }),

  scene('gives the partitions of a topic only to members that read it', async ({ driver, topic, group, another, unique }) => {
    const other = unique();
    await driver.admin.ensureTopics([{ topic: other, partitions: 2, replicationFactor: 1, configs: {} }]);
    const old = new Reader(driver, topic, group);
    await old.join();
    const newer = new Reader(await another(), [topic, other], group);
    await newer.join();
    await until(() => old.subscription.claims().length === 1 && newer.subscription.claims().length === 3);

    for (const partition of [0, 1]) await driver.produce(other, partition, records(`other ${partition}`), soon());
    assert.deepEqual((await newer.read(2)).map(text).sort(), ['other 0', 'other 1']);
  }),

  scene('loses nothing and settles everything once when members come and go', async ({ driver, topic, group, another }) => {
    const seen: string[] = [];
    const member = (from: KafkaDriver): Reader =>
      new Reader(from, topic, group, {
        settle: (record) => {
          seen.push(`${record.partition}:${record.offset}`);
          return true;
        },
        onRevoked: () => Promise.resolve(),
      });
    const first = member(driver);
    await first.join();
    const expected = new Set<string>();
    const produce = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        const partition = i % 2;
        const offset = await driver.produce(topic, partition, records(String(i)), soon());
        expected.add(`${partition}:${offset}`);
      }
    };
    await produce();
    const second = member(await another());
    await Promise.all([second.join(), produce()]);
    await Promise.all([second.subscription.close(), produce()]);
    await until(() => seen.length >= expected.size);

    assert.deepEqual([...new Set(seen)].sort(), [...expected].sort());
    assert.equal(seen.length, expected.size);
  }),

  scene('drains and commits on close', async ({ driver, topic, group, another }) => {
    await driver.produce(topic, 0, records('0', '1', '2'), soon());
    const opened = gate();
    const reader: Reader = new Reader(driver, topic, group, {
      handle: () => opened.promise,
      onRevoked: () => {
        opened.open();
        return reader.idle();
      },
    });
    await reader.join();
    await until(() => reader.busy === 1);
    await reader.subscription.close();

    assert.deepEqual(reader.subscription.claims(), []);
    assert.equal((await (await another()).admin.committed(group, topic))[0]!.offset, 3);
  }),
];
