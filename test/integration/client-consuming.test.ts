import { afterEach, describe, expect, it } from 'vitest';

import { deadLetter, fail, retry, skip } from '../../src/policy/policy.js';
import type { Message } from '../../src/service/client/message.js';
import { until } from '../support/application.js';
import { newStore } from '../support/billing.js';
import { books, everythingOn, startedClient } from '../support/client.js';
import { application, OrderPlaced, stopApplications } from '../support/shop-application.js';

afterEach(stopApplications);

/** A client with a topic of one partition on which these values are. */
async function withImports(...values: string[]) {
  const parts = await startedClient();
  await parts.client.createTopic('imports', { partitions: 1 });
  await parts.client.produceBatch(values.map((value) => ({ topic: 'imports', key: value, value })));
  return parts;
}

const never: Promise<void> = new Promise(() => undefined);

describe('consuming', () => {
  it('handles every message once in log order, commits behind it, and goes on there the next time', async () => {
    const { client } = await withImports('0', '1', '2');
    const read: string[] = [];
    const handle = (message: Message): void => void read.push(message.text());
    const first = await client.consume({ group: 'importer', topics: ['imports'], from: 'earliest' }, handle);
    await until(async () => (await first.lag()).every(({ lag }) => lag === 0));
    expect(await client.lag('importer')).toEqual([{ topic: 'imports', partition: 0, committed: 3, end: 3, lag: 0 }]);
    await first.stop();
    expect(first.state).toBe('stopped');
    await client.produce({ topic: 'imports', value: '3' });
    expect(await client.lag('importer', ['imports'])).toMatchObject([{ committed: 3, lag: 1 }]);

    const second = await client.consume({ group: 'importer', topics: ['imports'], from: 'earliest' }, handle);
    await until(() => second.counts.handled === 1);
    expect(read).toEqual(['0', '1', '2', '3']);
    expect(books(first)).toMatchObject({ delivered: 3, handled: 3 });
  });

  it('tries again as the policy says, tells the handler which attempt it is, and lets nothing pass meanwhile', async () => {
    const { client, notices } = await withImports('0', '1');
    const attempts: string[] = [];
    const consumer = await client.consume(
      { group: 'importer', topics: ['imports'], from: 'earliest', onError: [retry({ attempts: 3, backoffMs: 1 })] },
      async (message, ctx) => {
        await Promise.resolve();
        attempts.push(`${message.text()}#${ctx.attempt}`);
        if (message.text() === '0' && ctx.attempt < 3) throw new Error('not yet');
      },
    );
    await until(() => consumer.counts.handled === 2);
    expect(attempts).toEqual(['0#1', '0#2', '0#3', '1#1']);
    expect(notices.filter(({ code }) => code === 'DELIVERY_RETRIED').map(({ message }) => message)).toMatchObject([
      expect.stringContaining('attempt 1 at imports/0@0 failed'),
      expect.stringContaining('attempt 2 at imports/0@0 failed'),
    ]);
  });

  it('puts aside what keeps failing, on a dead-letter topic that it has seen to, untouched and with the reason', async () => {
    const { client, config } = await withImports('bad', 'good');
    const consumer = await client.consume(
      { group: 'importer', topics: ['imports'], from: 'earliest', onError: [deadLetter()] },
      (message) => {
        if (message.text() === 'bad') throw new TypeError('cannot be imported');
      },
    );
    await until(async () => (await consumer.lag()).every(({ lag }) => lag === 0));
    expect(books(consumer)).toMatchObject({ delivered: 2, handled: 1, deadLettered: 1 });

    const [letter] = await everythingOn(client, 'imports.dead-letter');
    expect([letter?.key, letter?.text()]).toEqual(['bad', 'bad']);
    expect(letter?.headers).toMatchObject({
      'x-dlq-reason': 'TypeError: cannot be imported',
      'x-dlq-code': 'HANDLER_FAILED',
      'x-dlq-stage': 'handle',
      'x-dlq-group': `${config.groupId}.importer`,
      'x-dlq-processor': 'importer',
      'x-dlq-attempts': '1',
    });
    expect(await client.topic('imports.dead-letter')).toMatchObject({ partitions: 1, retentionMs: 30 * 86_400_000 });
  });

  it('needs no dead-letter topic when nothing can go there', async () => {
    const { client } = await withImports('bad', 'good');
    const consumer = await client.consume({ group: 'importer', topics: ['imports'], from: 'earliest', onError: [skip()] }, (message) => {
      if (message.text() === 'bad') throw new Error('bad');
    });
    await until(() => consumer.counts.handled === 1);
    expect(books(consumer)).toMatchObject({ delivered: 2, handled: 1, skipped: 1 });
    await expect(client.topic('imports.dead-letter')).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
  });

  it('stops before a message when the policy says so, says why, and goes on with it the next time', async () => {
    const { client, notices, service } = await withImports('0', 'bad', '2');
    const failed = await client.consume({ group: 'importer', topics: ['imports'], from: 'earliest', onError: [fail()] }, (message) => {
      if (message.text() === 'bad') throw new Error('stop here');
    });
    await until(() => failed.state === 'failed');
    const check = (await service.healthCheck()).checks.find(({ name }) => name === 'consumer importer');
    expect(check).toMatchObject({ status: 'red', message: expect.stringContaining('HANDLER_FAILED') as string });
    expect(failed.error).toMatchObject({ code: 'HANDLER_FAILED', cause: { message: 'stop here' } });
    expect(notices.filter(({ level }) => level === 'error').map(({ code }) => code)).toContain('HANDLER_FAILED');
    expect(client.consumers()).toEqual([failed]);
    expect(books(failed)).toMatchObject({ handled: 1, inFlight: 0 });

    const read: string[] = [];
    const next = await client.consume({ group: 'importer', topics: ['imports'] }, (message) => void read.push(message.text()));
    await until(() => next.counts.handled === 2);
    expect(read).toEqual(['bad', '2']);
    expect(client.consumers()).toEqual([next]);
    await until(async () => (await service.healthCheck()).ready);
  });

  it('is asked for no longer once a failed consumer was stopped', async () => {
    const { client, service } = await withImports('bad');
    const failed = await client.consume({ group: 'importer', topics: ['imports'], from: 'earliest', onError: [fail()] }, () => {
      throw new Error('stop here');
    });
    await until(() => failed.state === 'failed');
    await failed.stop();
    expect([failed.state, failed.error?.code, client.consumers()]).toEqual(['stopped', 'HANDLER_FAILED', []]);
    expect(await service.healthCheck()).toMatchObject({ ready: true });
  });

  it('reads nothing when its dead-letter topic is missing and may not be created', async () => {
    const { config } = await withImports('0');
    const { client } = await startedClient({ topicPrefix: config.topicPrefix, createTopics: false });
    await expect(client.consume({ group: 'importer', topics: ['imports'] }, () => undefined)).rejects.toThrow(
      /TOPIC_MISSING.*imports\.dead-letter.*KAFKA_CREATE_TOPICS/,
    );
    expect(client.consumers()).toEqual([]);
    await (await client.consume({ group: 'importer', topics: ['imports'], onError: [fail()] }, () => undefined)).stop();
  });

  it('is drained and stopped with the service: what has begun ends and is committed', async () => {
    const parts = await withImports('0', '1');
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const began: string[] = [];
    const consumer = await parts.client.consume({ group: 'importer', topics: ['imports'], from: 'earliest' }, async (message) => {
      began.push(message.text());
      await held;
    });
    await until(() => began.length === 1);
    const stopping = parts.service.stop();
    release();
    await stopping;
    expect(consumer.state).toBe('stopped');
    expect(books(consumer)).toMatchObject({ handled: 1, inFlight: 0 });

    const again = await startedClient({ topicPrefix: parts.config.topicPrefix });
    expect(await again.client.lag('importer', ['imports'])).toMatchObject([{ committed: 1, lag: 1 }]);
  });

  it('tells a handler that is not wanted any more by its signal, and counts what it leaves as abandoned', async () => {
    const parts = await withImports('0');
    const aborted: boolean[] = [];
    const consumer = await parts.client.consume(
      { group: 'importer', topics: ['imports'], from: 'earliest' },
      async (_message, { signal }) => {
        signal.addEventListener('abort', () => aborted.push(signal.aborted));
        await never;
      },
    );
    await until(() => consumer.counts.inFlight === 1);
    await parts.service.stop({ deadlineMs: 500 });
    expect(aborted).toEqual([true]);
    expect(books(consumer)).toMatchObject({ delivered: 1, abandoned: 1 });
  });

  it('never resets an offset: with a store that remembers where the group began, it stops with OFFSETS_LOST', async () => {
    const store = newStore();
    const { client, config, bus } = await startedClient({}, { store });
    await bus.publish(new OrderPlaced({ orderId: 'o-1' }));
    await store.declare(`${config.groupId}.importer`, `${config.topicPrefix}.orders`, [0, 1, 2]);
    for (const partition of [0, 1, 2]) await store.started(`${config.groupId}.importer`, `${config.topicPrefix}.orders`, partition);
    const consumer = await client
      .consume({ group: 'importer', topics: ['orders'], from: 'earliest' }, () => undefined)
      .catch((error: unknown) => error);
    const failure = consumer instanceof Error ? consumer : await untilFailed(consumer as Awaited<ReturnType<typeof client.consume>>);
    expect(failure).toMatchObject({
      code: 'OFFSETS_LOST',
      message: expect.stringContaining('(what was handled before is handled again)') as string,
    });
  });

  it('runs messages of different keys beside each other, as many as it is told', async () => {
    const { client } = await withImports('0', '1', '2');
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let running = 0;
    const consumer = await client.consume({ group: 'importer', topics: ['imports'], from: 'earliest', concurrency: 2 }, async () => {
      running++;
      await held;
      running--;
    });
    await until(() => running === 2);
    expect(consumer.counts.inFlight).toBe(2);
    release();
    await until(() => consumer.counts.handled === 3);
  });

  it('refuses groups that belong to somebody else, topics that are not there, and settings that make no sense', async () => {
    const { service } = await application();
    await service.start();
    const { client } = service;
    const nothing = (): void => undefined;
    const refused = async (options: object, ...texts: string[]): Promise<void> => {
      const error: unknown = await client.consume(options as never, nothing).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'BusbarError' });
      for (const text of texts) expect(String(error)).toContain(text);
    };
    await refused({ group: 'orders', topics: ['orders'] }, 'ARGUMENT_INVALID', 'the processor orders');
    await refused({ group: 'bridge', topics: ['orders'] }, 'the bridge');
    await refused({ group: 'importer', topics: ['order'] }, 'TOPIC_MISSING', "did you mean 'orders'?");
    await refused(
      { group: 'Importer!', topics: [], from: 'newest', concurrency: 0, onError: skip(), handlerTimeoutMs: -1, retries: 3 },
      'ARGUMENT_INVALID',
      'group "Importer!"',
      'topics',
      'from',
      'concurrency',
      'onError',
      'handlerTimeoutMs',
      'retries is no option',
    );
    await expect(client.consume({ group: 'importer', topics: ['orders'] }, undefined as never)).rejects.toThrow('handler');

    const consumer = await client.consume({ group: 'importer', topics: ['orders'] }, nothing);
    await refused({ group: 'importer', topics: ['orders'] }, 'running here');
    await consumer.stop();
    await (await client.consume({ group: 'importer', topics: ['orders'] }, nothing)).stop();
  });

  it('works without Kafka as well: messages are handled and put aside in memory', async () => {
    const { client } = await startedClient({ enabled: false, bootstrapServers: undefined });
    await client.createTopic('imports', { partitions: 1 });
    const read: string[] = [];
    const consumer = await client.consume({ group: 'importer', topics: ['imports'], onError: [deadLetter()] }, (message) => {
      if (message.text() === 'bad') throw new Error('bad');
      read.push(message.text());
    });
    expect(await client.produceBatch(['0', 'bad', '2'].map((value) => ({ topic: 'imports', value })))).toMatchObject([
      { status: 'safe' },
      { status: 'safe' },
      { status: 'safe' },
    ]);
    await until(() => consumer.counts.delivered === 3 && consumer.counts.inFlight === 0);
    expect(read).toEqual(['0', '2']);
    expect(books(consumer)).toMatchObject({ handled: 2, deadLettered: 1 });
  });

  it('begins a conversation of its own, wherever it was called: what its handler publishes has no cause', async () => {
    const parts = await startedClient();
    await parts.client.createTopic('imports', { partitions: 1 });
    const consuming = new Promise<unknown>((resolve) => {
      const unsubscribe = parts.bus.subscribe(OrderPlaced, () => {
        unsubscribe();
        resolve(
          parts.client.consume({ group: 'importer', topics: ['imports'], from: 'earliest' }, async (message) => {
            await parts.bus.publish(new OrderPlaced({ orderId: message.text() }));
          }),
        );
      });
    });
    await parts.bus.publish(new OrderPlaced({ orderId: 'cause' }));
    await consuming;
    await parts.client.produce({ topic: 'imports', value: 'effect' });
    await until(() => parts.bus.history(10).length === 2);
    const [, effect] = parts.bus.history(10);
    expect(effect).toMatchObject({ event: { orderId: 'effect' }, causationId: undefined });
  });
});

async function untilFailed(consumer: { readonly state: string; readonly error: unknown }): Promise<unknown> {
  await until(() => consumer.state === 'failed');
  return consumer.error;
}
