import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterEach, describe, expect, it } from 'vitest';

import { fail, retry, skip } from '../../src/policy/policy.js';
import { until } from '../support/application.js';
import { startedClient } from '../support/client.js';
import { sharedKafka } from '../support/kafka.js';
import { kafkajsClient } from '../support/kafkajs-client.js';
import { deferred } from '../support/records.js';
import { stopApplications } from '../support/shop-application.js';

afterEach(stopApplications);

/** A running service, and on a topic of one partition as many messages. */
async function withImports(count: number) {
  const parts = await startedClient();
  await parts.client.createTopic('imports', { partitions: 1 });
  await parts.client.produceBatch(Array.from({ length: count }, (_, index) => ({ topic: 'imports', value: `message ${index}` })));
  return parts;
}

describe('a service knows of the consumers of its client', () => {
  it('how they stand, in its stats and its lag, and that it has not caught up before they have', async () => {
    const { client, service, config } = await withImports(4);
    const hold = deferred<void>();
    const calls: string[] = [];
    const consumer = await client.consume(
      { group: 'importer', topics: ['imports'], from: 'earliest', onError: [retry({ attempts: 2, backoffMs: 1, otherwise: skip() })] },
      async (message) => {
        calls.push(message.text());
        if (message.offset === 1) throw new Error('not this one');
        if (message.offset === 3) await hold.promise;
      },
    );
    await until(() => consumer.counts.handled === 2);
    const topic = `${config.topicPrefix}.imports`;
    await until(async () => (await service.lag()).get('importer')![0]!.lag === 1);
    expect((await service.lag()).get('importer')).toEqual([{ topic, partition: 0, committed: 3, end: 4, lag: 1 }]);
    expect(await service.caughtUp()).toBe(false);
    const { importer } = service.getStats().consumers;
    expect(importer).toMatchObject({
      outcomes: consumer.counts,
      retries: 1,
      latencyMs: { count: 3 },
      queue: 1,
      lag: { messages: 1, asOf: expect.any(String) as string },
      lastError: { code: 'HANDLER_FAILED' },
    });
    expect(JSON.stringify(importer)).not.toContain('not this one');
    expect(calls).toEqual(['message 0', 'message 1', 'message 1', 'message 2', 'message 3']);

    hold.resolve();
    await until(() => service.caughtUp());
    expect(service.getStats().consumers['importer']).toMatchObject({ outcomes: { delivered: 4, handled: 3, skipped: 1 }, queue: 0 });
    await consumer.stop();
    expect([service.getStats().consumers, (await service.lag()).has('importer')]).toEqual([{}, false]);
  });

  it('that one has failed, instead of letting wait for ever', async () => {
    const { client, service } = await withImports(1);
    await client.consume({ group: 'importer', topics: ['imports'], from: 'earliest', onError: [fail()] }, () => {
      throw new Error('stop here');
    });
    await expect(until(() => service.caughtUp())).rejects.toMatchObject({ code: 'HANDLER_FAILED' });
    expect(service.getStats().consumers['importer']).toMatchObject({ lastError: { code: 'HANDLER_FAILED' } });
    expect(JSON.stringify([service.getStats(), await service.healthCheck()])).not.toContain('stop here');
  });

  it('that none is behind by less than nothing when what was committed is beyond the end of the log', async () => {
    const { client, config } = await withImports(3);
    const admin = kafkajsClient((await sharedKafka()).bootstrap).admin();
    await admin.connect();
    const topic = `${config.topicPrefix}.imports`;
    await admin.setOffsets({ groupId: `${config.groupId}.importer`, topic, partitions: [{ partition: 0, offset: '7' }] });
    await admin.disconnect();
    expect(await client.lag('importer', ['imports'])).toEqual([{ topic: 'imports', partition: 0, committed: 7, end: 3, lag: 0 }]);
  });

  it('no age of a record that has no time', async () => {
    const { client, service, config } = await withImports(0);
    const producer = kafkajsClient((await sharedKafka()).bootstrap).producer();
    await producer.connect();
    await producer.send({ topic: `${config.topicPrefix}.imports`, messages: [{ value: 'timeless', timestamp: '-1' }] });
    await producer.disconnect();
    const hold = deferred<void>();
    const consumer = await client.consume({ group: 'importer', topics: ['imports'], from: 'earliest' }, () => hold.promise);
    await until(() => consumer.counts.inFlight === 1);
    await service.lag();
    expect(service.getStats().consumers['importer']).toMatchObject({ queue: 1, lag: { messages: 1, seconds: 0 } });
    hold.resolve();
  });

  it('no longer than they run: nothing is kept of one that was stopped', async () => {
    const { client } = await withImports(1);
    const handled = async (): Promise<WeakRef<object>> => {
      const handler = (): void => undefined;
      const consumer = await client.consume({ group: 'importer', topics: ['imports'], from: 'earliest' }, handler);
      await until(() => consumer.counts.handled === 1);
      await consumer.stop();
      return new WeakRef(handler);
    };
    const handler = await handled();
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    await until(() => {
      collect();
      return handler.deref() === undefined;
    });
    expect(client.consumers()).toEqual([]);
  });
});
