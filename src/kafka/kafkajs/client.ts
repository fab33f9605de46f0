import kafkajs, { type Kafka, type SASLOptions } from 'kafkajs';

import type { Notices } from '../../telemetry/notices.js';
import { clientLog } from './client-log.js';
import { GuardedSockets } from './guarded-socket.js';
import type { Settings } from './options.js';
import { ReconnectingKafka } from './reconnecting-kafka.js';
import { useOwnWire } from './wire/own-wire.js';

/**
 * A kafkajs client of its own. Every kafkajs loop inside it is short: whoever uses it repeats, so that a deadline or a
 * close ends the repeating. `said` is told the errors that it logs.
 */
export function newClient(settings: Settings, notices: Notices, said?: (error: string) => void): Kafka {
  const config = {
    brokers: [...settings.brokers],
    clientId: settings.clientId,
    ...(settings.ssl !== undefined && { ssl: settings.ssl }),
    ...(settings.sasl !== undefined && { sasl: settings.sasl as SASLOptions }),
    connectionTimeout: settings.connectionTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    // NODE_ENV=test would change what is not given here.
    retry: { retries: 4, initialRetryTime: 50, maxRetryTime: 500, factor: 0.2, multiplier: 2 },
    logLevel: kafkajs.logLevel.WARN,
    logCreator: clientLog(notices, said),
  };
  const client = new ReconnectingKafka(config, new GuardedSockets(notices));
  useOwnWire(client, notices);
  return client;
}
