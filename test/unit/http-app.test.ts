import { connect } from 'node:net';
import { once } from 'node:events';

import type { FastifyInstance } from 'fastify';
import { afterEach, expect, it } from 'vitest';

import { newHttpApp } from '../../src/http/http-app.js';
import { BusbarError } from '../../src/errors.js';
import { Notices, type Notice } from '../../src/telemetry/notices.js';

const apps: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

async function listening(addRoutes: (app: FastifyInstance) => void) {
  const notices = new Notices();
  const raised: Notice[] = [];
  notices.onNotice((notice) => raised.push(notice));
  const app = newHttpApp(notices);
  apps.push(app);
  addRoutes(app);
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const open = () => {
    const socket = connect(Number(new URL(address).port), '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    return {
      write: (...lines: string[]) => socket.write(`${lines.join('\r\n')}\r\n\r\n`),
      /** What came back until the server has ended the connection. */
      answer: once(socket, 'close').then(() => answer),
    };
  };
  const send = (...lines: string[]): Promise<string> => {
    const { write, answer } = open();
    write(...lines);
    return answer;
  };
  return { app, address, raised, open, send };
}

it('tells the operator what failed that should not, and the caller nothing of it', async () => {
  const failure = new Error('the password is hunter2');
  const { address, raised } = await listening((app) => {
    app.get('/broken', () => Promise.reject(failure));
  });
  const response = await fetch(`${address}/broken`);
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({
    error: { code: 'INTERNAL', message: 'something failed that should not; the notice HTTP_FAILED says what' },
  });
  expect(raised).toEqual([{ level: 'error', code: 'HTTP_FAILED', message: 'a request over HTTP failed', error: failure }]);
});

it('answers what expects something unknown as it answers anything else', async () => {
  const { send } = await listening((app) => {
    app.get('/well', () => ({ well: true }));
  });
  const asked = (host: string) => send('GET /well HTTP/1.1', `Host: ${host}`, 'Expect: tea', 'Connection: close');
  expect(await asked('localhost')).toMatch(/^HTTP\/1\.1 200 OK[^]*\{"well":true\}$/);
  expect(await asked('example.com')).toMatch(/^HTTP\/1\.1 403 Forbidden[^]*HOST_REFUSED/);
});

it('raises no notice for what the caller is told', async () => {
  const { address, raised } = await listening((app) => {
    app.get('/refused', () => Promise.reject(new BusbarError('TOPIC_MISSING', 'no such topic')));
  });
  expect((await fetch(`${address}/refused`)).status).toBe(404);
  expect((await fetch(`${address}/nothing`)).status).toBe(404);
  expect(raised).toEqual([]);
});

it('answers what is no HTTP in the form of all errors, and ends the connection', async () => {
  const { send, raised } = await listening(() => undefined);
  const answer = await send('this is not HTTP');
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(answer).toContain('{"error":{"code":"REQUEST_INVALID","message":"this is not HTTP"}}');
  expect(await send('GET / HTTP/1.1', 'Host: localhost', `X: ${'x'.repeat(20_000)}`)).toMatch(/^HTTP\/1\.1 431 .*"HEADERS_TOO_LARGE"/s);
  expect(raised).toEqual([]);
});

it('refuses requests whose Host is another name than that of this machine, whatever they ask for', async () => {
  let asked = 0;
  const { send } = await listening((app) => {
    app.get('/there', () => Promise.resolve({ asked: ++asked }));
  });
  for (const path of ['/there', '/not-there']) {
    for (const host of [['Host: rebound.example.org'], ['Host: 127.0.0.1.example.org:80'], []]) {
      expect(await send(`GET ${path} HTTP/1.1`, ...host, 'Connection: close')).toMatch(/^HTTP\/1\.1 403 .*"code":"HOST_REFUSED"/s);
    }
  }
  expect(asked).toBe(0);
  expect(await send('GET /there HTTP/1.1', 'Host: localhost:1234', 'Connection: close')).toMatch(/^HTTP\/1\.1 200 .*\{"asked":1\}/s);
});

it('answers what is under way when it is closed, begins nothing more, and keeps no connection', async () => {
  const answers: (() => void)[] = [];
  let arrived: () => void = () => undefined;
  const underWay = new Promise<void>((resolve) => (arrived = resolve));
  const { app, address, open } = await listening((there) => {
    there.get('/slow', async () => {
      arrived();
      await new Promise<void>((resolve) => answers.push(resolve));
      return { answered: true };
    });
  });
  const { write, answer } = open();
  write('GET /slow HTTP/1.1', 'Host: localhost');
  await underWay;
  const closed = app.close();
  const refused = () =>
    fetch(address).then(
      () => false,
      () => true,
    );
  await expect.poll(refused).toBe(true);
  const begun = once(app.server, 'request');
  write('GET /slow HTTP/1.1', 'Host: localhost');
  await begun;
  answers[0]!();
  await closed;
  expect(await answer).toMatch(/^HTTP\/1\.1 200 .*connection: close.*\{"answered":true\}$/s);
  expect(answers).toHaveLength(1);
});
