import { injectable } from 'inversify';
import { afterEach, expect, it } from 'vitest';

import { fail } from '../../src/policy/policy.js';
import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor } from '../../src/processor/processor.js';
import type { KafkaAdmin, KafkaDriver } from '../../src/kafka/driver.js';
import { until } from '../support/application.js';
import { applications, billing, placed } from '../support/billing.js';
import { OrderPlaced as BillablePlaced } from '../support/events.js';
import { deferred } from '../support/records.js';
import { application, OrderPlaced, Orders, stopApplications } from '../support/shop-application.js';

afterEach(stopApplications);
const start = applications();

it('a service has caught up when its processors have committed past every record, those that handlers derive too', async () => {
  const { service, bus, container } = await application();
  await service.start();
  await until(() => service.caughtUp());

  const orders = container.get(Orders);
  const hold = deferred<void>();
  orders.hold = hold.promise;
  const began = new Promise<void>((resolve) => (orders.began = resolve));
  await bus.publish(new OrderPlaced({ orderId: 'o-1' }));
  await began;
  expect(await service.caughtUp()).toBe(false);

  hold.resolve();
  await until(() => service.caughtUp());
  // The event that was fed, and the one that its handler published, which nobody here handles.
  expect(service.getStats().processors['orders']?.outcomes).toMatchObject({ delivered: 2, handled: 1, ignored: 1, inFlight: 0 });
});

@ProcessorOptions({ name: 'strict', onError: [fail()] })
@injectable()
class Strict extends Processor {
  @Handles(OrderPlaced) placed(): void {
    throw new Error('not like this');
  }
}

it('a service whose processor has failed says so instead of letting wait for ever', async () => {
  const { service, bus } = await application({}, { processors: [Strict] });
  await service.start();
  await bus.publish(new OrderPlaced({ orderId: 'o-1' }));
  await expect(until(() => service.caughtUp())).rejects.toMatchObject({ code: 'HANDLER_FAILED' });
});

it('a service that does not run cannot tell', async () => {
  const { service } = await application();
  await expect(service.caughtUp()).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
});

/** A driver that does something more when it has read committed offsets, before it answers. */
function afterCommitted(driver: KafkaDriver, also: () => Promise<unknown>): KafkaDriver {
  const bound = <T extends object>(target: T, name: string | symbol): unknown => {
    const value = Reflect.get(target, name) as unknown;
    return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
  };
  const committed: KafkaAdmin['committed'] = async (group, topic) => {
    const found = await driver.admin.committed(group, topic);
    await also();
    return found;
  };
  const admin = new Proxy(driver.admin, { get: (target, name) => (name === 'committed' ? committed : bound(target, name)) });
  return new Proxy(driver, { get: (target, name) => (name === 'admin' ? admin : bound(target, name)) });
}

it('a record that comes while it is found out whether everything is done makes the answer no', async () => {
  let meanwhile: (() => Promise<unknown>) | undefined;
  const once = async (): Promise<void> => {
    const work = meanwhile;
    meanwhile = undefined;
    await work?.();
  };
  const { bus, manager } = await start({
    events: [BillablePlaced],
    processors: [billing(() => undefined)],
    wrapDriver: (driver) => afterCommitted(driver, once),
  });
  await until(() => manager.caughtUp());
  meanwhile = () => bus.publish(placed('o-1'));
  expect(await manager.caughtUp()).toBe(false);
  await until(() => manager.caughtUp());
});
