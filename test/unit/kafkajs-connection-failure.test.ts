import { describe, expect, it } from 'vitest';

import type { Security } from '../../src/kafka/kafkajs/connection-failure.js';
import { mayPass, toBusbarError } from '../../src/kafka/kafkajs/failure.js';

/** As kafkajs throws it. */
const failure = (name: string, message: string, more: { readonly broker?: string; readonly code?: string } = {}): Error =>
  Object.assign(new Error(message), { name, retriable: name !== 'KafkaJSSASLAuthenticationError', ...more });

const security: Security = { brokers: ['one:9092'], ssl: undefined, sasl: { mechanism: 'plain', username: 'ada', password: 'secret' } };

// What a broker on a socket says of itself stands in test/integration/bad-connections.test.ts.
describe('a connection that failed', () => {
  it('during the login, when the broker was killed, is no refusal of the credentials', () => {
    const error = failure('KafkaJSSASLAuthenticationError', 'SASL PLAIN authentication failed: Closed connection');
    expect(mayPass(error, security)).toBe(true);
    expect(toBusbarError(error, 'cannot connect', security)).toMatchObject({
      retriable: true,
      message:
        '[BROKER_UNREACHABLE] cannot connect: one:9092 hung up during the login (Closed connection): it is stopping, or that port is not for logins; if it stays so, check KAFKA_SECURITY_PROTOCOL, and the port in KAFKA_BOOTSTRAP_SERVERS',
    });
    expect(mayPass(failure('KafkaJSSASLAuthenticationError', 'SASL PLAIN authentication failed: no such user'), security)).toBe(false);
  });

  it('at an address that only the cluster has named points at what the cluster advertises', () => {
    const error = failure('KafkaJSConnectionError', 'Connection error: getaddrinfo ENOTFOUND kafka', {
      broker: 'kafka:9092',
      code: 'ENOTFOUND',
    });
    expect(toBusbarError(error, 'cannot join shop', security).message).toBe(
      '[BROKER_UNREACHABLE] cannot join shop: no answer from kafka:9092, which is where the cluster says that a broker is (getaddrinfo ENOTFOUND kafka); see that it runs, and that advertised.listeners of the broker names an address that can be reached from here',
    );
  });

  it('for a mechanism that the port has not says which one', () => {
    const error = failure('KafkaJSSASLAuthenticationError', 'SASL PLAIN mechanism is not supported by the server');
    expect(toBusbarError(error, 'cannot connect', security)).toMatchObject({
      retriable: false,
      message:
        '[AUTHENTICATION_FAILED] cannot connect: the broker has no logins with PLAIN (SASL PLAIN mechanism is not supported by the server); set KAFKA_SASL_MECHANISM to one that is enabled on that port',
    });
  });
});
