import { describe, expect, it } from 'vitest';

import { SimulatedKafka } from '../../src/kafka/simulated/simulated-kafka.js';
import { Notices } from '../../src/telemetry/notices.js';
import { DRIVER_CONFORMANCE } from '../../src/testing/driver-conformance.js';
import { uniquePrefix } from '../support/kafka.js';

const SESSION_MS = 200;

describe.each([
  ['as it is', {}],
  ['over a slow network', { latencyMs: 5, batchRecords: 3 }],
])('the simulated driver %s', (_, disturbances) => {
  it.each(DRIVER_CONFORMANCE)('$name', async (scenario) => {
    const kafka = new SimulatedKafka({ disturbances, sessionTimeoutMs: SESSION_MS });
    const notices = new Notices();
    notices.onNotice(() => undefined);
    const context = { driver: () => kafka.driver(notices), unique: uniquePrefix, sessionTimeoutMs: SESSION_MS };
    await expect(scenario.run(context)).resolves.toBeUndefined();
  });
});
