import { randomUUID } from 'node:crypto';

import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';

/** A Kafka that many test files use: whoever injects faults or counts brokers starts one of its own. */
export interface SharedKafka {
  readonly bootstrap: string;
}

// Test files of one vitest worker may each have their own copy of this module; the process has one broker.
const SHARED = Symbol.for('busbar.test.sharedKafka');
const shared = globalThis as { [SHARED]?: Promise<SharedKafka> };

/**
 * The Kafka at `KAFKA_BOOTSTRAP_SERVERS` if that is set, else one embedded broker for the whole process, which ends with
 * it. Topics are not created by themselves. Use `uniquePrefix` in the names of topics and groups.
 */
export function sharedKafka(): Promise<SharedKafka> {
  const bootstrap = process.env['KAFKA_BOOTSTRAP_SERVERS'];
  if (bootstrap !== undefined && bootstrap !== '') return Promise.resolve({ bootstrap });
  return (shared[SHARED] ??= startEmbeddedKafka());
}

/** A session in ms that the shared Kafka takes: Apache Kafka none shorter than 6 s, unless it is told to. */
export const SHORT_SESSION_MS = process.env['KAFKA_BOOTSTRAP_SERVERS'] ? 6_000 : 2_000;

/** For the names of topics and groups of one test, so that it meets nothing of another one or of an earlier run. */
export function uniquePrefix(): string {
  return `test-${randomUUID().slice(0, 8)}`;
}
