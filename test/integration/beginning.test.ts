import { expect, it } from 'vitest';

import type { KafkaDriver } from '../../src/kafka/driver.js';
import { applications, billing, placed } from '../support/billing.js';
import { until } from '../support/application.js';
import { OrderPlaced } from '../support/events.js';
import { deferred } from '../support/records.js';

const start = applications();

/** A driver whose partitions are told late where they begin. */
function late(driver: KafkaDriver, asked: () => void, released: Promise<void>): KafkaDriver {
  return new Proxy(driver, {
    get: (target, name) => {
      if (name === 'consume') {
        const consume: KafkaDriver['consume'] = (options) =>
          target.consume({
            ...options,
            start: async (position) => {
              asked();
              await released;
              return options.start(position);
            },
          });
        return consume;
      }
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}

it('a start ends when it is decided where every partition begins', async () => {
  const released = deferred<void>();
  let asked = 0;
  let started = false;
  const starting = start({
    events: [OrderPlaced],
    processors: [billing(() => undefined)],
    wrapDriver: (driver) => late(driver, () => void asked++, released.promise),
  }).then((application) => {
    started = true;
    return application;
  });
  await until(() => asked === 3);
  expect(started).toBe(false);
  released.resolve();
  const { bus, manager } = await starting;
  await bus.publish(placed('o-1'));
  await until(() => manager.caughtUp());
});
