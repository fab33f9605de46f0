import { afterAll, describe, expect, it } from 'vitest';

import { serveHttp } from 'busbar/http';

import { until } from '../support/application.js';
import { invoice, served, servedAlone, stopServed } from '../support/served-shop.js';

afterAll(stopServed);

describe('over HTTP', () => {
  it('a bad request is refused with what is wrong, and nothing of it is done', async () => {
    const { service, ask, post, publish, createTopic, notices } = await served();
    await service.start();
    const good = JSON.stringify(invoice('i-1'));
    const large = JSON.stringify(invoice('i'.repeat(1024 * 1024)));
    const cases: readonly [Promise<Awaited<ReturnType<typeof ask>>>, number, string, RegExp][] = [
      [
        publish({ topc: 'invoices', name: 7, data: [], version: 0, occurredAt: 'yesterday' }),
        400,
        'REQUEST_INVALID',
        /topic is missing: it must be the topic.*topc is no field: did you mean topic\?.*name must be.*data must be an object.*version must be 1, 2, 3.*occurredAt must be a time/,
      ],
      [publish({ ...invoice('i-1'), key: '' }), 400, 'REQUEST_INVALID', /key must be a string/],
      [publish({ ...invoice('i-1'), name: 'invoice_snet' }), 404, 'EVENT_UNKNOWN', /did you mean 'invoice_sent'/],
      [publish({ ...invoice('i-1'), topic: 'orders' }), 404, 'EVENT_UNKNOWN', /belongs on topic 'invoices', not on 'orders'/],
      [
        publish({ ...invoice('i-1'), data: { invoiceId: 7, secret: 'hunter2' } }),
        422,
        'EVENT_INVALID',
        /secret is no declared field.*invoiceId must be a string/,
      ],
      [publish({ ...invoice('i-1'), version: 2 }), 422, 'VERSION_UNSUPPORTED', /version 2 is not registered; there is version 1/],
      [post('/kafka/events', '{"topic": "invoices",'), 400, 'BODY_INVALID', /must be a JSON object in UTF-8/],
      [post('/kafka/events', '[]'), 400, 'BODY_INVALID', /must be a JSON object in UTF-8/],
      [post('/kafka/events', ''), 400, 'BODY_INVALID', /must be a JSON object in UTF-8/],
      [post('/kafka/events', Buffer.from(good.replace('i-1', 'i-\xff'), 'latin1')), 400, 'BODY_INVALID', /in UTF-8/],
      [
        post('/kafka/events', good.replace('"invoiceId"', '"__proto__":{"invoiceId":"i-2"},"invoiceId"')),
        422,
        'EVENT_INVALID',
        /__proto__/,
      ],
      [ask('/kafka/events', { method: 'POST' }), 400, 'REQUEST_INVALID', /the body must be a JSON object/],
      [post('/kafka/events', good, 'text/plain'), 415, 'MEDIA_TYPE_REFUSED', /Content-Type: application\/json/],
      [post('/kafka/events', good, 'text/plain; application/json'), 415, 'MEDIA_TYPE_REFUSED', /Content-Type/],
      [post('/kafka/events', Buffer.from(good), ''), 415, 'MEDIA_TYPE_REFUSED', /Content-Type/],
      [post('/kafka/events', large), 413, 'BODY_TOO_LARGE', /larger than 1048576 bytes/],
      [
        createTopic({ name: 'notes', partitions: 0, retentionMs: 0 }),
        400,
        'REQUEST_INVALID',
        /partitions must be an integer from 1 to 10000.*retentionMs must be/,
      ],
      [createTopic({ name: 'no notes' }), 400, 'TOPIC_INVALID', /is no topic name/],
      [ask('/kafka/topics/invoicse'), 404, 'TOPIC_MISSING', /did you mean 'invoices'/],
      [ask('/kafka/topics/%2e%2e%2fstats%20'), 400, 'TOPIC_INVALID', /is no topic name/],
      [ask('/kafka/topics/%zz'), 400, 'REQUEST_INVALID', /encoded wrongly/],
      [ask('/kafka'), 404, 'NOT_FOUND', /GET \/kafka\/topics\/\{name\}/],
      [ask('/kafka/events'), 405, 'METHOD_NOT_ALLOWED', /takes POST, not GET/],
      [ask('/kafka/topics/invoices', { method: 'DELETE' }), 405, 'METHOD_NOT_ALLOWED', /takes GET, HEAD, not DELETE/],
      [ask('/stats', { method: 'OPTIONS' }), 405, 'METHOD_NOT_ALLOWED', /not OPTIONS/],
    ];
    for (const [asked, status, code, message] of cases) {
      const answer = await asked;
      expect(answer).toMatchObject({ status, body: { error: { code, message: expect.stringMatching(message) as string } } });
      expect(answer.contentType).toBe('application/json; charset=utf-8');
      expect(JSON.stringify(answer.body)).not.toMatch(/hunter2|i-1|\.js:/);
      expect(answer.allow !== null).toBe(status === 405);
    }
    const { offsets } = await service.client.topic('invoices');
    expect(offsets.every(({ end }) => end === 0)).toBe(true);
    expect((await service.client.topics()).some(({ name }) => name === 'notes')).toBe(false);
    expect(notices.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('an event that is not known to be safe is answered with how certain that is, and its id', async () => {
    const { broker, service, ask, publish } = await servedAlone({ deliveryTimeoutMs: 500 });
    await service.start();
    const lost = await broker.loseAnswers({ apis: ['Produce'], count: -1 });
    const { status, body } = await publish({ ...invoice('i-1'), id: 'event-1' });
    expect(status).toBe(503);
    expect(body).toMatchObject({ error: { code: 'DELIVERY_TIMEOUT', certainty: 'unknown', id: 'event-1', retriable: true } });
    await lost.remove();
    await until(async () => (await publish({ ...invoice('i-1'), id: 'event-1' })).status === 201);
    await until(async () => (await ask('/health/ready')).status === 200);
  });

  it('what is posted before the start or while nothing can be taken is refused with why', async () => {
    const { publish, ask } = await served();
    expect(await publish(invoice('i-1'))).toMatchObject({ status: 503, body: { error: { code: 'ILLEGAL_TRANSITION' } } });
    expect(await ask('/kafka/topics')).toMatchObject({ status: 503, body: { error: { code: 'ILLEGAL_TRANSITION' } } });
    expect(await ask('/stats')).toMatchObject({ status: 200, body: { state: 'created' } });
  });

  it('nothing is served to other machines, nor on a port that is taken', async () => {
    const { service, address } = await served();
    const host = '0.0.0.0' as '127.0.0.1';
    await expect(serveHttp(service, { port: 70_000, host })).rejects.toThrow(
      /^\[ARGUMENT_INVALID\] .*port must be an integer from 0.*host must be 127\.0\.0\.1 or ::1.*put a proxy/,
    );
    await expect(serveHttp(service, { port: Number(new URL(address).port) })).rejects.toThrow(/^\[LISTEN_FAILED\] .*EADDRINUSE/);
  });
});
