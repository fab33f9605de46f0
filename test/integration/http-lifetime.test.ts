import { afterAll, describe, expect, it } from 'vitest';

import { serveHttp } from 'busbar/http';

import { until } from '../support/application.js';
import { invoice, served, servedAlone, stopServed } from '../support/served-shop.js';

afterAll(stopServed);

describe('the HTTP server', () => {
  it('a stop lets a request under way have its receipt, and then nothing is served any more', async () => {
    const { broker, service, address, publish, ask } = await servedAlone();
    await service.start();
    const delay = await broker.delay({ apis: ['Produce'], ms: 700 });
    const publishing = publish(invoice('i-1'));
    await until(() => Object.values(service.getStats().topics).some(({ queue }) => queue.records > 0));
    const stopping = service.stop();
    const unreachable = () =>
      ask('/stats').then(
        () => false,
        () => true,
      );
    await until(unreachable);
    expect(service.state).toBe('stopping');
    expect(await publishing).toMatchObject({ status: 201, body: { where: 'kafka' } });
    await stopping;
    await delay.remove();
    await expect(fetch(address)).rejects.toThrow('fetch failed');
    await expect(serveHttp(service, { port: 0 })).rejects.toThrow(
      '[ILLEGAL_TRANSITION] onStop() is not allowed while the service is stopped',
    );
  });

  it('a start that fails leaves no server behind', async () => {
    const { service, ask } = await served({ createTopics: false });
    expect((await ask('/health/live')).status).toBe(200);
    await expect(service.start()).rejects.toThrow('TOPIC_MISSING');
    await expect(ask('/health/live')).rejects.toThrow('fetch failed');
  });

  it('a server can be closed by itself, and the service goes on', async () => {
    const { service } = await served();
    const second = await serveHttp(service, { port: 0, host: '::1' });
    expect(second.address).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await fetch(`${second.address}/stats`)).status).toBe(200);
    await second.close();
    await expect(fetch(second.address)).rejects.toThrow('fetch failed');
    await service.start();
    expect((await service.healthCheck()).ready).toBe(true);
  });
});
