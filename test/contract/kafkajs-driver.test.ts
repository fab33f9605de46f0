import { describe, expect, it } from 'vitest';

import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import { Notices } from '../../src/telemetry/notices.js';
import { DRIVER_CONFORMANCE } from '../../src/testing/driver-conformance.js';
import { SHORT_SESSION_MS, sharedKafka, uniquePrefix } from '../support/kafka.js';

describe('the kafkajs driver', () => {
  it.each(DRIVER_CONFORMANCE)('$name', { timeout: 60_000 }, async (scenario) => {
    const { bootstrap } = await sharedKafka();
    const options = { brokers: bootstrap.split(','), clientId: 'conformance', fetchMaxWaitMs: 50, sessionTimeoutMs: SHORT_SESSION_MS };
    const notices = new Notices();
    notices.onNotice(() => undefined);
    const context = { driver: () => kafkajsDriver(options, notices), unique: uniquePrefix, sessionTimeoutMs: SHORT_SESSION_MS };
    await expect(scenario.run(context)).resolves.toBeUndefined();
  });
});
