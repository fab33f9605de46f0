import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, expect, it } from 'vitest';

import { application, stopApplications } from '../support/shop-application.js';

afterEach(stopApplications);

it('tells how it is, and answers probes, as the guide of health says', async () => {
  const { service } = await application();
  await service.start();
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);

  // #region ask
  const health = await service.healthCheck();
  for (const { name, status, since, message, fix } of health.checks) {
    log(`${name} is ${status} since ${since.toISOString()}: ${message}${fix === undefined ? '' : ` -> ${fix}`}`);
  }
  // #endregion
  expect(lines).toHaveLength(5);
  expect(lines[1]).toMatch(/^broker is green since \S+Z: a broker answers$/);

  // #region probes
  const probes = createServer((request, response) => {
    void service.healthCheck().then((found) => {
      const well = request.url === '/health/live' ? found.live : found.ready;
      response.writeHead(well ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify(found));
    });
  });
  probes.listen(0, '127.0.0.1');
  // #endregion
  await once(probes, 'listening');
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${(probes.address() as AddressInfo).port}${path}`)).status;
  expect([await ask('/health/live'), await ask('/health/ready')]).toEqual([200, 200]);
  await service.stop();
  expect([await ask('/health/live'), await ask('/health/ready')]).toEqual([200, 503]);
  probes.close();
  probes.closeAllConnections();
});
