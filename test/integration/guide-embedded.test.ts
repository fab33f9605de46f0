import { expect, it } from 'vitest';

import { Notices } from 'busbar';
import { startEmbeddedKafka } from 'busbar/embedded';

import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';

it('starts and fails as the guide of the embedded broker says', async () => {
  // #region start
  const kafka = await startEmbeddedKafka({ topics: { 'decision-events': 3 } });
  // #endregion
  const notices = new Notices();
  notices.onNotice(() => undefined);
  const driver = kafkajsDriver({ brokers: kafka.bootstrap.split(','), clientId: 'guide', metadataMaxAgeMs: 100 }, notices);
  try {
    await driver.connect();
    const record = { topic: 'decision-events', key: null, value: Buffer.from('{}'), headers: {}, timestamp: Date.now() };
    // #region fault
    const fault = await kafka.fail({ apis: ['Produce'], error: 'NOT_LEADER_FOR_PARTITION', topic: 'decision-events', count: 2 });
    // #endregion
    expect(await driver.partitions('decision-events')).toBe(3);
    expect(await driver.produce('decision-events', 0, [record], Date.now() + 30_000)).toBe(0);
    expect(await fault.hits()).toBe(2);
  } finally {
    await driver.close(5_000);
    await kafka.stop();
  }
});
