import { describe, it } from 'vitest';

import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import { Notices } from '../../src/telemetry/notices.js';
import { DRIVER_CONFORMANCE } from '../../src/testing/driver-conformance.js';
import { sharedKafka, uniquePrefix } from '../support/kafka.js';

// Apache Kafka takes no shorter session than 6 s by default.
const SESSION_MS = process.env['KAFKA_BOOTSTRAP_SERVERS'] === undefined ? 2_000 : 6_000;

describe('the kafkajs driver', () => {
  for (const { name, run } of DRIVER_CONFORMANCE) {
    it(name, { timeout: 60_000 }, async () => {
      const { bootstrap } = await sharedKafka();
      const notices = new Notices();
      notices.onNotice(() => undefined);
      await run({
        driver: () =>
          kafkajsDriver(
            { brokers: bootstrap.split(','), clientId: 'conformance', fetchMaxWaitMs: 50, sessionTimeoutMs: SESSION_MS },
            notices,
          ),
        unique: uniquePrefix,
        sessionTimeoutMs: SESSION_MS,
      });
    });
  }
});
