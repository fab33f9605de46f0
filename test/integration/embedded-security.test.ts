import type { SASLOptions } from 'kafkajs';
import { describe, expect, it } from 'vitest';

import { startEmbeddedKafka, type EmbeddedUser } from '../../src/kafka/embedded/embedded-kafka.js';
import { CERTIFICATE, CERTIFICATE_KEY } from '../support/certificate.js';
import { kafkajsClient, produce } from '../support/kafkajs-client.js';

const MECHANISMS: readonly [EmbeddedUser['mechanism'], 'plain' | 'scram-sha-256' | 'scram-sha-512'][] = [
  ['PLAIN', 'plain'],
  ['SCRAM-SHA-256', 'scram-sha-256'],
  ['SCRAM-SHA-512', 'scram-sha-512'],
];

describe.each(MECHANISMS)('an embedded Kafka with TLS and a user of %s', (mechanism, kafkajsMechanism) => {
  it('lets in who knows the password, and nobody else', async () => {
    const kafka = await startEmbeddedKafka({
      topics: { t: 1 },
      users: [{ mechanism, username: 'ada', password: 'right' }],
      tls: { key: CERTIFICATE_KEY, cert: CERTIFICATE },
    });
    const login = (password: string): SASLOptions => ({ mechanism: kafkajsMechanism, username: 'ada', password });
    const send = (password: string): Promise<number> =>
      produce(kafkajsClient(kafka.bootstrap, { ssl: { ca: [CERTIFICATE] }, sasl: login(password) }), 't', ['x']);

    expect(await send('right')).toBe(0);
    await expect(send('wrong')).rejects.toMatchObject({ name: 'KafkaJSSASLAuthenticationError' });
    await expect(produce(kafkajsClient(kafka.bootstrap, { retry: { retries: 0 } }), 't', ['x'])).rejects.toThrow(/connection/i);
    await kafka.stop();
  });
});
