import { afterEach, describe, expect, it } from 'vitest';

import { KafkaClient } from '../../src/service/client/kafka-client.js';
import type { OutgoingMessage } from '../../src/service/client/outgoing-message.js';
import { everythingOn, startedClient } from '../support/client.js';
import { application, Orders, OrderPlaced, stopApplications } from '../support/shop-application.js';

afterEach(stopApplications);

describe('the client of a service', () => {
  it('is bound in the container, and is the one of the service', async () => {
    const { container, service } = await application();
    expect(container.get(KafkaClient)).toBe(service.client);
  });

  it('refuses everything but to tell its health before the service runs and when it was stopped', async () => {
    const { service } = await application();
    const { client } = service;
    const refused = async (): Promise<void> => {
      await expect(client.produce({ topic: 'imports', value: 'x' })).rejects.toMatchObject({
        name: 'SendError',
        code: 'ILLEGAL_TRANSITION',
        certainty: 'not-sent',
      });
      expect(await client.produceBatch([{ topic: 'imports', value: 'x' }])).toMatchObject([
        { status: 'not-sent', error: { code: 'ILLEGAL_TRANSITION' } },
      ]);
      for (const call of [client.topics(), client.topic('x'), client.createTopic('x'), client.offsets('x'), client.lag('x', [])])
        await expect(call).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
      await expect(client.consume({ group: 'g', topics: ['x'] }, () => undefined)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
      expect(await client.health()).toMatchObject({ reachable: false, error: { code: 'ILLEGAL_TRANSITION' } });
    };
    await refused();
    await service.start();
    await service.stop();
    await refused();
  });

  it('can still produce in a handler that is given its time while the service stops', async () => {
    const { container, service, bus } = await application();
    await service.start();
    await service.client.createTopic('imports');
    let produced: Promise<unknown> | undefined;
    const orders = container.get(Orders);
    const began = new Promise<void>((resolve) => (orders.began = resolve));
    let stopping: Promise<void> | undefined;
    orders.hold = began.then(async () => {
      stopping = service.stop();
      produced = service.client.produce({ topic: 'imports', value: 'late' });
      await produced;
    });
    await bus.publish(new OrderPlaced({ orderId: 'o-1' }));
    await began;
    await orders.untilHandled(1);
    await expect(produced).resolves.toMatchObject({ topic: 'imports', offset: 0 });
    await stopping;
  });
});

describe('producing', () => {
  it('says where a message is, and writes key, headers, time and every kind of value as they were given', async () => {
    const { client } = await startedClient();
    await client.createTopic('imports', { partitions: 1 });
    const timestamp = new Date('2026-01-02T03:04:05.678Z');
    const bytes = Buffer.from([0, 255, 1]);
    expect(await client.produce({ topic: 'imports', key: 'k-ü', value: { a: [1, null] }, headers: { origin: 'test' }, timestamp })).toEqual(
      {
        topic: 'imports',
        partition: 0,
        offset: 0,
      },
    );
    const sending = client.produce({ topic: 'imports', value: bytes, headers: { raw: Buffer.from('b') } });
    bytes.fill(7); // whoever gave it may use it again
    await sending;
    await client.produce({ topic: 'imports', value: 'täxt' });
    await client.produce({ topic: 'imports', value: [1, 2], headers: { 'Content-Type': 'application/vnd.acme+json' } });
    await client.produce({ topic: 'imports', key: 'k', value: null });

    const [json, raw, text, list, tombstone] = await everythingOn(client, 'imports');
    expect([json?.topic, json?.key, json?.timestamp, json?.json()]).toEqual(['imports', 'k-ü', timestamp, { a: [1, null] }]);
    expect(json?.headers).toEqual({ origin: 'test', 'content-type': 'application/json' });
    expect([raw?.key, raw?.value, raw?.headers]).toEqual([undefined, Buffer.from([0, 255, 1]), { raw: 'b' }]);
    expect([text?.text(), text?.headers]).toEqual(['täxt', {}]);
    expect([list?.json(), list?.headers]).toEqual([[1, 2], { 'Content-Type': 'application/vnd.acme+json' }]);
    expect([tombstone?.key, tombstone?.value]).toEqual(['k', null]);
    expect(() => tombstone?.text()).toThrow('UNDECODABLE');
    expect(() => raw?.text()).toThrow('UNDECODABLE');
    expect(() => text?.json()).toThrow('UNDECODABLE');
  });

  it('keeps the order of the calls, also of those that came before the topic was known', async () => {
    const { client } = await startedClient();
    await client.createTopic('imports', { partitions: 1 });
    const positions = [];
    for (let i = 0; i < 300; i++) {
      positions.push(client.produce({ topic: 'imports', key: 'k', value: String(i) }));
      if (i % 7 === 0) await Promise.resolve();
      if (i === 150) await positions[150];
    }
    expect((await Promise.all(positions)).map(({ offset }) => offset)).toEqual(positions.map((_, i) => i));
    expect((await everythingOn(client, 'imports')).map((message) => message.text())).toEqual(positions.map((_, i) => String(i)));
  });

  it('says at once that a topic does not exist, what was probably meant, and how to create it', async () => {
    const { client } = await startedClient();
    await client.createTopic('imports');
    const error = await client.produce({ topic: 'import', value: 'x' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'SendError', code: 'TOPIC_MISSING', certainty: 'not-sent', retriable: false });
    expect(String(error)).toContain("did you mean 'imports'?");
    expect(String(error)).toContain("client.createTopic('import')");

    await client.createTopic('import');
    await expect(client.produce({ topic: 'import', value: 'x' })).resolves.toMatchObject({ topic: 'import' });
  });

  it('answers for every message of a batch, whatever is wrong with the others', async () => {
    const { client } = await startedClient();
    await client.createTopic('imports', { partitions: 1 });
    const results = await client.produceBatch([
      { topic: 'imports', value: 'first' },
      { topic: 'nowhere', value: 'x' },
      { topic: 'imports', value: Number.NaN as never },
      null as unknown as OutgoingMessage,
      Object.defineProperty({}, 'topic', {
        get: () => {
          throw new Error('no topic');
        },
      }) as OutgoingMessage,
      { topic: 'no topic', value: 'x' },
      { topic: 'imports', value: Buffer.alloc(3_000_000) },
      { topic: 'imports', value: 'last' },
    ]);
    expect(results.map((result) => (result.status === 'safe' ? result.offset : [result.status, result.error.code]))).toEqual([
      0,
      ['not-sent', 'TOPIC_MISSING'],
      ['not-sent', 'ARGUMENT_INVALID'],
      ['not-sent', 'ARGUMENT_INVALID'],
      ['not-sent', 'ARGUMENT_INVALID'],
      ['not-sent', 'TOPIC_INVALID'],
      ['not-sent', 'TOO_LARGE'],
      1,
    ]);
    expect(await client.produceBatch([])).toEqual([]);
  });
});
