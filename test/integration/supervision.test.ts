import { afterAll, describe, expect, it } from 'vitest';

import { startEmbeddedKafka } from 'busbar/embedded';

import { until } from '../support/application.js';
import { becomes, becomesWell, check } from '../support/health.js';
import { uniquePrefix } from '../support/kafka.js';
import { kafkajsClient } from '../support/kafkajs-client.js';
import { adminOf, choose, committed, numbered, of, publishOnceTaken, running, stopShops } from '../support/supervised-shop.js';

/** For faults that name a topic or a group, which only one test has. */
const shared = startEmbeddedKafka({ nodes: 2 });
/** For faults that everybody meets, one test after the other. */
const alone = startEmbeddedKafka({ nodes: 2 });
afterAll(async () => {
  await stopShops();
  for (const broker of [shared, alone]) await (await broker).stop();
});

describe.concurrent('a service whose topic', () => {
  it('is deleted and created again, and filled beyond where it stood, asks where to go on and skips nothing', async () => {
    const { service, orders, notices, topic, group, publish, config } = await running(shared);
    const admin = await adminOf(await shared);
    await publish(...numbered('old', 3));
    await until(async () => (await committed(admin, group, topic)) === 6);
    await admin.deleteTopics({ topics: [topic] });
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    const other = await running(shared, { topicPrefix: config.topicPrefix, serviceName: 'other' }, { processors: [] });
    await other.publish(...numbered('new', 10));

    const lost = await becomes(service, 'processor orders', 'red', 'its topic was created again');
    expect(check(lost, 'processor orders').message).toMatch(/\[OFFSETS_LOST\].*the topic was deleted and created again.*Commit 0 to /);
    expect(check(lost, 'processor orders').fix).toBe(`choose where its group goes on, then service.processors.restart('orders')`);
    expect(of(notices, 'OFFSETS_LOST')).toHaveLength(1);
    await publish('mine');
    expect(orders.handled).toEqual(numbered('old', 3));

    await choose(admin, group, topic, 0);
    await service.processors.restart('orders');
    await orders.untilHandled(14);
    expect(orders.handled.slice(3)).toEqual([...numbered('new', 10), 'mine']);
    await becomesWell(service, 'processor orders', 'the operator had chosen');
  });

  it('is deleted says so to whoever publishes, instead of at the deadline, and takes events when it is there again', async () => {
    const { publish, topic } = await running(shared, {}, { processors: [] });
    const admin = await adminOf(await shared);
    await publish('o-0');
    await admin.deleteTopics({ topics: [topic] });
    await expect(publish('o-1')).rejects.toMatchObject({ code: 'TOPIC_MISSING' });

    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    expect(await publish('o-2')).toMatchObject([{ where: 'kafka', offset: 0 }]);
  });

  it('gets more partitions reads the new ones from their beginning, publishes to them, and says that keys have moved', async () => {
    const { orders, notices, topic, group, publish } = await running(shared, { autoOffsetReset: 'latest' });
    const admin = await adminOf(await shared);
    await publish('o-0');
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
    const early = kafkajsClient((await shared).bootstrap).producer({ createPartitioner: () => () => 3 });
    await early.connect();
    const headers = { ce_specversion: '1.0', ce_id: 'e-1', ce_type: 'order_placed', ce_source: '/early' };
    await early.send({ topic, messages: [{ key: 'early', value: JSON.stringify({ orderId: 'early' }), headers }] });
    await early.disconnect();

    const partitions = new Set<number>();
    for (let i = 1; partitions.size < 4; i++) {
      const [receipt] = await publish(`o-${i}`);
      if (receipt?.where === 'kafka') partitions.add(receipt.partition);
    }
    await until(() => orders.handled.includes('early'));
    expect(of(notices, 'PARTITIONS_ADDED').map(({ details }) => details)).toEqual(
      expect.arrayContaining([{ topic, before: 1, now: 4 }, ...[1, 2, 3].map((partition) => ({ group, topic, partition }))]),
    );
  });

  it('has lost records that were not read asks where to go on, and its other processors go on', async () => {
    const { bootstrap } = await shared;
    const names = { groupId: uniquePrefix(), topicPrefix: uniquePrefix() };
    const first = await running(shared, names);
    const admin = await adminOf({ bootstrap });
    await first.publish('o-0', 'o-1');
    await until(async () => (await committed(admin, first.group, first.topic)) === 4);
    await first.service.stop();
    const other = await running(shared, { topicPrefix: names.topicPrefix, serviceName: 'other' }, { processors: [] });
    await other.publish('o-2', 'o-3', 'o-4');
    await admin.fetchTopicOffsets(first.topic);
    await admin.deleteTopicRecords({ topic: first.topic, partitions: [{ partition: 0, offset: '6' }] });

    const { service, orders } = await running(shared, names);
    const lost = await becomes(service, 'processor orders', 'red', 'retention was faster');
    expect(check(lost, 'processor orders').message).toMatch(
      /is at 4 of \S+\/0, and the log has 6 to 7: retention deleted records that were not read/,
    );
    expect(check(lost, 'processor invoices').status).toBe('green');
    await choose(admin, first.group, first.topic, 6);
    await service.processors.restart('orders');
    await orders.untilHandled(1);
    expect(orders.handled).toEqual(['o-4']);
  });
});

describe('a service', () => {
  it('whose partitions are asked for by another instance while a handler is slow hands them over when it has ended', async () => {
    const names = { groupId: uniquePrefix(), topicPrefix: uniquePrefix(), numPartitions: 4 };
    const first = await running(shared, names);
    let release: () => void = () => undefined;
    first.orders.hold = new Promise((resolve) => (release = resolve));
    const began = new Promise<void>((resolve) => (first.orders.began = resolve));
    const ids = numbered('o', 20);
    await first.publish(...ids);
    await began;
    const starting = running(shared, names);
    // The first one hears of it by a heartbeat, and begins nothing new.
    await until(() => first.service.processors.status().get('orders')?.membership?.joined === false);
    release();
    const second = await starting;
    await until(() => first.orders.handled.length + second.orders.handled.length >= ids.length);
    expect([...first.orders.handled, ...second.orders.handled].toSorted()).toEqual(ids.toSorted());
    await becomesWell(first.service, 'processor orders', 'the other had joined');
  });

  it('whose coordinators move goes on by itself', async () => {
    const kafka = await alone;
    const { service, orders, publish, group } = await running(alone);
    await publish('o-0');
    await orders.untilHandled(1);
    const was = await kafka.coordinator(group);
    do await kafka.moveCoordinators();
    while ((await kafka.coordinator(group)) === was);
    await publish('o-1');
    await orders.untilHandled(2);
    await becomesWell(service, 'processor orders', 'its coordinator had moved');
    expect(orders.handled).toEqual(['o-0', 'o-1']);
  });

  it('whose producer is fenced goes on with another, and loses nothing', async () => {
    const { service, orders, notices, publish, topic } = await running(alone);
    await publish('o-0');
    await (await alone).fail({ apis: ['Produce'], topic, error: 'INVALID_PRODUCER_EPOCH' });
    await publish('o-1');
    await orders.untilHandled(2);
    expect(of(notices, 'PRODUCER_REPLACED')).toHaveLength(1);
    await becomesWell(service, 'producer', 'it was replaced');
  });

  it('whose producer never hears of a batch says that it does not know, and the next event is not taken for the lost one', async () => {
    const { service, bus, orders, notices, publish, topic, group } = await running(alone, { deliveryTimeoutMs: 2_000 });
    const admin = await adminOf(await alone);
    await publish('o-0');
    await until(async () => (await committed(admin, group, topic)) === 2);
    const silent = await (await alone).loseAnswers({ apis: ['Produce'], count: -1 });
    await expect(publish('unknown')).rejects.toMatchObject({ certainty: 'unknown' });
    await silent.remove();
    await publishOnceTaken(bus, 'o-1');
    await until(() => orders.handled.includes('o-1'));
    // It was written, and nobody was told.
    expect(orders.handled).toEqual(['o-0', 'unknown', 'o-1']);
    expect(of(notices, 'PRODUCER_REPLACED').length).toBeGreaterThan(0);
    await becomesWell(service, 'producer', 'answers came again');
  });
});
