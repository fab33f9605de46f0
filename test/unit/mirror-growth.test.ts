import { IsString } from 'class-validator';
import { expect, it } from 'vitest';

import type { EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { SimulatedKafka } from '../../src/kafka/simulated/simulated-kafka.js';
import { eventually } from '../support/processing.js';
import { deferred, settleDown } from '../support/records.js';
import { SimulatedInstance } from '../support/simulated-instance.js';

@DomainEvent({ name: 'seed_sown', topic: 'seeds' })
class SeedSown {
  @IsString() readonly plant!: string;
  constructor(init: EventInit<SeedSown>) {
    Object.assign(this, init);
  }
}

@DomainEvent({ name: 'plant_grown', topic: 'plants' })
class PlantGrown {
  @IsString() readonly plant!: string;
  constructor(init: EventInit<PlantGrown>) {
    Object.assign(this, init);
  }
}

it('A mirror that is stopped while it is about to read more topics joins no group any more', async () => {
  const kafka = new SimulatedKafka();
  const events = [SeedSown, PlantGrown];
  await kafka
    .driver()
    .admin.ensureTopics(['seeds', 'plants'].map((topic) => ({ topic, partitions: 1, replicationFactor: 1, configs: {} })));
  const driver = kafka.driver();
  const joined: (readonly string[])[] = [];
  const consume = driver.consume.bind(driver);
  driver.consume = (options) => {
    joined.push(options.topics);
    return consume(options);
  };
  const garden = new SimulatedInstance('garden', driver, events, undefined);
  const hearing = deferred<void>();
  let heard = 0;
  garden.bus.subscribe(SeedSown, async () => {
    heard++;
    await hearing.promise;
  });
  await garden.start();
  const shop = new SimulatedInstance('shop', kafka.driver(), events, undefined);
  await shop.bus.publish(new SeedSown({ plant: 'bean' }));
  await eventually(() => heard === 1);

  // What is heard now holds up the change of the topics.
  garden.bus.subscribe(PlantGrown, () => undefined);
  await settleDown();
  const stopped = garden.stop();
  hearing.resolve();
  await stopped;
  await shop.stop();
  expect(joined).toEqual([['seeds']]);
});
