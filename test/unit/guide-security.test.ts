import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, expect, it } from 'vitest';

import { KafkaConfig } from 'busbar';

const asked: string[] = [];
const issuer = createServer((request, response) => {
  request.on('data', (part) => asked.push(String(part)));
  request.on('end', () => response.end(JSON.stringify({ access_token: 'a.b.c', expires_in: 3600 })));
});
afterAll(() => void issuer.close());

it('gets tokens as the guide says', async () => {
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
  const TOKEN_URL = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/token`;
  const [clientId, clientSecret] = ['shop', 'secret'];
  const environment = {
    KAFKA_SERVICE_NAME: 'shop',
    KAFKA_BOOTSTRAP_SERVERS: 'kafka:9093',
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SASL_MECHANISM: 'OAUTHBEARER',
  };

  // #region tokens
  const config = KafkaConfig.fromEnv(environment, {
    oauthBearerProvider: async () => {
      const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret });
      const answer = await fetch(TOKEN_URL, { method: 'POST', body, signal: AbortSignal.timeout(5_000) });
      if (!answer.ok) throw new Error(`no token: ${answer.status}`);
      const { access_token, expires_in } = (await answer.json()) as { access_token: string; expires_in: number };
      return { value: access_token, expiresAt: Date.now() + expires_in * 1000 };
    },
  });
  // #endregion

  const sasl = config.sasl();
  if (sasl?.mechanism !== 'OAUTHBEARER') throw new Error('there is no provider');
  expect(await sasl.provider()).toMatchObject({ value: 'a.b.c' });
  expect(asked.join()).toBe('grant_type=client_credentials&client_id=shop&client_secret=secret');
  expect(String(config)).not.toContain('secret=');
});
