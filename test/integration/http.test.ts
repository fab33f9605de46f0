import { afterAll, describe, expect, it } from 'vitest';

import { until } from '../support/application.js';
import { invoice, Invoices, InvoiceSent, served, stopServed } from '../support/served-shop.js';

afterAll(stopServed);

describe.concurrent('over HTTP', () => {
  it('an event is published with what is said of it, and answered with its receipt', async () => {
    const { service, container, publish, config } = await served();
    await service.start();
    const occurredAt = '2026-01-31T12:00:00.000Z';
    const { status, body } = await publish({
      ...invoice('i-1'),
      id: 'event-1',
      key: 'key-1',
      version: 1,
      occurredAt,
      correlationId: 'c-1',
    });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: 'event-1',
      where: 'kafka',
      topic: `${config.topicPrefix}.invoices`,
      partition: expect.any(Number) as number,
      offset: 0,
      listenerErrors: [],
    });
    const { handled, contexts } = container.get(Invoices);
    await until(() => handled.length === 1);
    expect(contexts[0]!.metadata).toMatchObject({ id: 'event-1', key: 'key-1', version: 1, correlationId: 'c-1' });
    expect(contexts[0]!.metadata.occurredAt.toISOString()).toBe(occurredAt);
    const { offsets } = await service.client.topic('invoices');
    expect(offsets.filter(({ end }) => end > 0)).toEqual([{ partition: body['partition'], beginning: 0, end: 1 }]);
  });

  it('topics are listed, looked at and created', async () => {
    const { service, ask, createTopic, config } = await served();
    await service.start();
    expect(await createTopic({ name: 'notes', partitions: 2, retentionMs: 60_000 })).toMatchObject({
      status: 201,
      body: { name: 'notes', fullName: `${config.topicPrefix}.notes`, partitions: 2, retentionMs: 60_000, created: true },
    });
    expect(await createTopic({ name: 'notes', partitions: 5 })).toMatchObject({ status: 200, body: { partitions: 2, created: false } });
    const { status, body } = await ask('/kafka/topics');
    expect(status).toBe(200);
    expect((body['topics'] as { name: string }[]).map(({ name }) => name)).toEqual([
      'invoices',
      'invoices.dead-letter',
      'notes',
      'orders',
      'orders.dead-letter',
    ]);
    expect(await ask('/kafka/topics/notes')).toMatchObject({
      status: 200,
      body: {
        name: 'notes',
        partitions: 2,
        offsets: [
          { partition: 0, beginning: 0, end: 0 },
          { partition: 1, beginning: 0, end: 0 },
        ],
      },
    });
  });

  it('the stats are what was counted where it happened', async () => {
    const { service, container, ask, publish, bus } = await served();
    const heard: string[] = [];
    bus.subscribe(InvoiceSent, ({ invoiceId }) => void heard.push(invoiceId));
    await service.start();
    const statuses = [];
    for (let i = 0; i < 40; i++) {
      const id = `${i % 4 === 0 ? 'bad' : 'good'}-${i}`;
      statuses.push((await publish({ ...invoice(id), id })).status);
      if (i % 8 === 1) statuses.push((await publish({ ...invoice(id), id })).status);
    }
    expect(statuses.every((status) => status === 201)).toBe(true);
    while (!(await service.caughtUp())) await new Promise((resolve) => setTimeout(resolve, 20));

    const invoices = container.get(Invoices);
    expect([invoices.handled.length, invoices.failed]).toEqual([30, 10]);
    const counts = {
      delivered: statuses.length,
      handled: 30,
      duplicate: 5,
      deadLettered: 10,
      ignored: 0,
      skipped: 0,
      inFlight: 0,
      abandoned: 0,
    };
    const { status, body } = await ask('/stats');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'running',
      processors: { invoices: { outcomes: counts, retries: 0 }, orders: { outcomes: { delivered: 0 } } },
      events: { invoice_sent: { published: { safe: statuses.length }, heard: statuses.length } },
    });
    const { lag: _lag, ...unchanging } = service.getStats().processors['invoices']!;
    expect(body['processors']).toMatchObject({ invoices: JSON.parse(JSON.stringify(unchanging)) as object });
    expect(heard).toHaveLength(statuses.length);
  });

  it('a processor that has failed makes it not ready, and it is ready again when that goes on', async () => {
    const { service, ask } = await served();
    expect(await ask('/health/live')).toMatchObject({ status: 200, body: { live: true, ready: false } });
    expect(await ask('/health/ready')).toMatchObject({ status: 503, body: { checks: [{ name: 'service', fix: 'await start()' }] } });
    await service.start();
    await until(async () => (await ask('/health/ready')).status === 200);
    expect(await ask('/kafka/health')).toMatchObject({ status: 200, body: { status: 'green', live: true, ready: true } });
    expect(await ask('/health/live')).toMatchObject({ status: 200, body: { status: 'green', live: true, ready: true } });
    await service.processors.runner('invoices').stop();
    const red = { status: 'red', live: true, ready: false };
    expect(await ask('/kafka/health')).toMatchObject({ status: 503, body: red });
    expect(await ask('/health/ready')).toMatchObject({ status: 503, body: red });
    expect(await ask('/health/live')).toMatchObject({ status: 200, body: red });
    const { body } = await ask('/health/ready');
    expect(body['checks']).toContainEqual(
      expect.objectContaining({ name: 'processor invoices', status: 'red', fix: expect.stringContaining(`restart('invoices')`) as string }),
    );
    await service.processors.restart('invoices');
    await until(async () => (await ask('/health/ready')).status === 200);
  });

  it('a handler that does not end makes it not live', async () => {
    const { service, container, ask, publish } = await served();
    await service.start();
    let release: () => void = () => undefined;
    container.get(Invoices).hold = new Promise((resolve) => (release = resolve));
    await publish(invoice('i-1'));
    await until(async () => (await ask('/health/live')).status !== 200);
    expect(await ask('/health/live')).toMatchObject({ status: 503, body: { live: false, ready: false } });
    release();
    await until(async () => (await ask('/health/live')).status === 200);
  });
});
