import { afterEach, expect, it } from 'vitest';

import { newStore } from '../support/billing.js';
import { application, stopApplications } from '../support/shop-application.js';

afterEach(stopApplications);

it('tells what a running service promises, as the guide of promises says', async () => {
  const { service, config } = await application({ replicationFactor: 1 }, { broadcast: 'all' });
  expect(() => service.promises()).toThrow('promises()');
  await service.start();
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);

  // #region ask
  const ledger = service.promises();
  log(String(ledger)); // the table
  for (const { subject, promise, weakenedBy } of ledger.rows) {
    for (const why of weakenedBy) log(`${subject}, ${promise}: ${why}`);
  }
  // #endregion

  // The topic was made with one copy: what the broker says of it is what the ledger says.
  const orders = `${config.topicPrefix ?? ''}.orders`;
  const row = (subject: string, promise: string) => ledger.rows.find((one) => one.subject === subject && one.promise === promise);
  expect(row('event order_placed', 'durability')).toMatchObject({
    holds: 'weakened',
    says: expect.stringContaining(`1 copy on ${orders}`) as string,
    weakenedBy: ['replication factor 1: what is acknowledged is lost with its broker'],
  });
  expect(row('processor orders', 'once')).toMatchObject({ holds: 'weakened' });
  expect(row('processor orders', 'derived')).toMatchObject({ holds: 'weakened' });
  expect(row('bridge', 'delivery')?.weakenedBy).toMatchObject([expect.stringContaining(`broadcast 'all' is not durable`)]);
  expect(lines).toContain('event order_placed, durability: replication factor 1: what is acknowledged is lost with its broker');

  await service.stop();
  expect(() => service.promises()).toThrow('promises()');
});

it('knows the embedded broker, and a store', async () => {
  const { service } = await application({ bootstrapServers: 'embedded' }, { store: newStore() });
  await service.start();
  const { rows } = service.promises();
  expect(rows.find(({ subject, promise }) => subject === 'event order_placed' && promise === 'durability')?.weakenedBy).toEqual([
    'the embedded broker has one copy, in a temporary directory that goes with the process',
  ]);
  expect(rows.find(({ subject, promise }) => subject === 'processor orders' && promise === 'once')).toMatchObject({
    holds: 'yes',
    says: expect.stringContaining('recognised for 14 days') as string,
  });
  expect(rows.find(({ subject, promise }) => subject === 'processor orders' && promise === 'durability')).toMatchObject({
    holds: 'yes',
    says: expect.stringContaining('synchronous=full') as string,
  });
});

it('says what it costs to stay in memory', async () => {
  const { service } = await application({ enabled: false, bootstrapServers: undefined });
  await service.start();
  const broken = service.promises().rows.filter(({ holds }) => holds === 'no');
  expect(broken.map(({ subject, promise }) => `${subject}: ${promise}`)).toEqual([
    'event order_placed: delivery',
    'event order_placed: durability',
    'event order_shipped: delivery',
    'event order_shipped: durability',
    'processor orders: delivery',
    'processor orders: durability',
    'bridge: delivery',
  ]);
});
