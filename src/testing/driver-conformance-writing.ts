import assert from 'node:assert/strict';

import type { WireRecord } from '../kafka/record.js';
import { Reader, records, scene, soon } from './driver-conformance-stage.js';
import type { DriverConformanceCase } from './driver-conformance.js';

/** Duties of `produce` and of the admin side. */
export const WRITING_CASES: readonly DriverConformanceCase[] = [
  scene('writes a batch in order and says the offset of its first record', async ({ driver, topic }) => {
    assert.equal(await driver.produce(topic, 1, records('a', 'b'), soon()), 0);
    assert.equal(await driver.produce(topic, 1, records('c'), soon()), 2);
    assert.equal(await driver.produce(topic, 0, records('d'), soon()), 0);

    assert.deepEqual(await driver.admin.offsets(topic), [
      { partition: 0, beginning: 0, end: 1 },
      { partition: 1, beginning: 0, end: 3 },
    ]);
  }),

  scene('carries key, value, headers and timestamp as they are', async ({ driver, topic, group }) => {
    const sent: WireRecord = {
      topic,
      key: Buffer.from([0, 255]),
      value: null,
      headers: { plain: 'text', twice: ['1', Buffer.from('2')] },
      timestamp: 1_700_000_000_123,
    };
    await driver.produce(topic, 0, [sent, { ...sent, key: null, value: Buffer.alloc(0), headers: {} }], soon());
    const reader = new Reader(driver, topic, group);
    await reader.join();
    const [first, second] = await reader.read(2);

    assert.deepEqual([first!.key, first!.value, first!.timestamp], [sent.key, null, sent.timestamp]);
    assert.equal(String(first!.headers['plain']), 'text');
    assert.deepEqual([first!.headers['twice']].flat().map(String), ['1', '2']);
    assert.deepEqual([second!.key, second!.value?.length], [null, 0]);
  }),

  scene('rejects a topic that does not exist with TOPIC_MISSING, certainly not sent', async ({ driver, unique }) => {
    const topic = unique();
    await assert.rejects(driver.partitions(topic), { code: 'TOPIC_MISSING' });
    await assert.rejects(driver.produce(topic, 0, records('x'), Date.now() + 30_000), { code: 'TOPIC_MISSING', certainty: 'not-sent' });
  }),

  scene('rejects a record that is too large at once, certainly not sent, and goes on', async ({ driver, topic }) => {
    const huge: WireRecord = { ...records('x')[0]!, value: Buffer.alloc(3_000_000) };
    const before = Date.now();
    await assert.rejects(driver.produce(topic, 0, [huge], before + 60_000), { code: 'TOO_LARGE', certainty: 'not-sent' });
    assert.ok(Date.now() - before < 30_000);

    assert.equal(await driver.produce(topic, 0, records('small'), soon()), 0);
  }),

  scene('rejects a batch whose deadline has passed as certainly not sent', async ({ driver, topic }) => {
    await assert.rejects(driver.produce(topic, 0, records('late'), Date.now() - 1), { code: 'DELIVERY_TIMEOUT', certainty: 'not-sent' });

    assert.equal(await driver.produce(topic, 0, records('in time'), soon()), 0);
  }),

  scene('creates what is missing and leaves the rest alone, also when two do it at once', async ({ driver, topic, unique }) => {
    const other = unique();
    const specs = [topic, other].map((name) => ({
      topic: name,
      partitions: 2,
      replicationFactor: 1,
      configs: { 'retention.ms': '3600000' },
    }));
    const created = await Promise.all([driver.admin.ensureTopics(specs), driver.admin.ensureTopics(specs)]);

    assert.deepEqual(created.flat(), [other]);
    assert.equal(await driver.partitions(other), 2);
    const [described, ...more] = await driver.admin.describeTopics([other, unique()]);
    assert.deepEqual(
      [described!.topic, described!.partitions, described!.replicationFactor, described!.retentionMs],
      [other, 2, 1, 3_600_000],
    );
    assert.deepEqual(more, []);
  }),

  // A cluster has several brokers, and they learn of it one after the other.
  scene('knows a topic from when it was made, whichever broker it asks', async ({ driver, unique }) => {
    for (let round = 0; round < 5; round++) {
      const topics = Array.from({ length: 8 }, unique);
      await driver.admin.ensureTopics(topics.map((topic) => ({ topic, partitions: 3, replicationFactor: 1, configs: {} })));
      assert.equal((await driver.admin.describeTopics(topics)).length, 8);
      assert.equal((await driver.admin.offsets(topics.at(-1)!)).length, 3);
      assert.equal(await driver.partitions(topics.at(-1)!), 3);
    }
  }),

  scene('lists the topics of the cluster, sorted, without those of Kafka itself', async ({ driver, topic, another, unique }) => {
    const other = unique();
    const internal = `__${unique()}`;
    assert.equal((await driver.admin.listTopics()).includes(other), false);
    const neighbour = await another();
    const spec = { partitions: 1, replicationFactor: 1, configs: {} };
    await neighbour.admin.ensureTopics([
      { ...spec, topic: other },
      { ...spec, topic: internal },
    ]);

    const listed = await driver.admin.listTopics();
    assert.ok(listed.includes(topic) && listed.includes(other));
    assert.ok(!listed.includes(internal));
    assert.deepEqual(listed, listed.toSorted());
  }),

  scene('knows no committed offsets of a group that never was', async ({ driver, topic, unique }) => {
    assert.deepEqual(await driver.admin.committed(unique(), topic), [
      { partition: 0, offset: undefined },
      { partition: 1, offset: undefined },
    ]);
  }),
];
