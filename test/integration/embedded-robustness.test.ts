import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startEmbeddedKafka, type EmbeddedKafka, type Fault } from '../../src/kafka/embedded/embedded-kafka.js';
import { kafkajsClient, produce } from '../support/kafkajs-client.js';

/** Resolves when the broker closes the connection on which it got these bytes. */
async function closedAfter(kafka: EmbeddedKafka, bytes: Buffer | string): Promise<boolean> {
  const [host, port] = kafka.bootstrap.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => undefined);
  socket.resume();
  socket.write(bytes);
  await once(socket, 'close');
  return true;
}

async function hit(fault: Fault): Promise<void> {
  while ((await fault.hits()) === 0);
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('an embedded Kafka that hears what is not Kafka', () => {
  let kafka: EmbeddedKafka;
  beforeAll(async () => (kafka = await startEmbeddedKafka({ topics: { t: 1 } })));
  afterAll(() => kafka.stop());

  it.each([
    ['HTTP', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a TLS hello', hex('16030102000100 0100 0303 0000')],
    ['a claimed size of 4 GB', hex('ffffffff 0003 0000 00000001 ffff')],
    ['a claimed size of 0', hex('00000000 0003 0000 00000001 ffff')],
    ['an unknown API', hex('0000000a 03e7 0000 00000001 ffff')],
    ['an unknown version', hex('0000000a 0003 0063 00000001 ffff')],
    ['a body that ends too soon', hex('0000000c 0003 0001 00000001 ffff 7fff')],
  ])('closes the connection after %s and serves on', async (_, bytes) => {
    expect(await closedAfter(kafka, bytes)).toBe(true);
    expect(await produce(kafkajsClient(kafka.bootstrap), 't', ['x'])).toBeGreaterThanOrEqual(0);
  });

  it('sets nothing aside for what 60 peers claim and do not send: 6 GB', async () => {
    const [host, port] = kafka.bootstrap.split(':');
    const sockets = Array.from({ length: 60 }, () => connect(Number(port), host).on('error', () => undefined));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    for (const socket of sockets) socket.write(hex('06000000 0003 0000 00000001 ffff'));

    expect(await produce(kafkajsClient(kafka.bootstrap), 't', ['x'])).toBeGreaterThanOrEqual(0);
    for (const socket of sockets) socket.destroy();
  });
});

describe('an embedded Kafka that crashes', () => {
  it('tells its listeners why, rejects what was under way and what comes later, and can still be stopped', async () => {
    const kafka = await startEmbeddedKafka({ topics: { t: 1 } });
    const heard: unknown[] = [];
    kafka.onCrash((error) => heard.push(error));
    const unsubscribed: unknown[] = [];
    kafka.onCrash((error) => unsubscribed.push(error))();
    const crashing = kafka.crash();
    await Promise.all([crashing, expect(kafka.sweep()).rejects.toMatchObject({ code: 'EMBEDDED_CRASHED' })]);

    const crash = { code: 'EMBEDDED_CRASHED', message: expect.stringContaining('panic: crash was asked for') as string };
    expect(heard).toMatchObject([crash]);
    expect(unsubscribed).toEqual([]);
    await expect(kafka.leader('t', 0)).rejects.toMatchObject(crash);
    kafka.onCrash((error) => heard.push(error));
    expect(heard).toHaveLength(2);
    await kafka.stop();
  });

  it('does not hang a client', async () => {
    const kafka = await startEmbeddedKafka({ topics: { t: 1 } });
    kafka.onCrash(() => undefined);
    const fault = await kafka.delay({ apis: ['Produce'], ms: 3_600_000 });
    const send = produce(kafkajsClient(kafka.bootstrap, { retry: { retries: 0 } }), 't', ['x']);

    await Promise.all([expect(send).rejects.toThrow(/connection/i), hit(fault).then(() => kafka.crash())]);
  });

  it('ends the process when nobody listens', async () => {
    const program = `
      const { startEmbeddedKafka } = await import(${JSON.stringify(new URL('../../src/kafka/embedded/embedded-kafka.js', import.meta.url).href)});
      const kafka = await startEmbeddedKafka();
      await kafka.crash();
      await new Promise((resolve) => setTimeout(resolve, 60_000));`;
    const ended = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);

    await expect(ended).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('EMBEDDED_CRASHED') as string });
  });
});

describe('stop', () => {
  it('does not wait for a delayed request', async () => {
    const kafka = await startEmbeddedKafka({ topics: { t: 1 } });
    const fault = await kafka.delay({ apis: ['Produce'], ms: 3_600_000 });
    const send = produce(kafkajsClient(kafka.bootstrap, { retry: { retries: 0 } }), 't', ['x']);

    await Promise.all([expect(send).rejects.toThrow(/connection/i), hit(fault).then(() => kafka.stop())]);
  });

  it('leaves nothing that keeps the process running', async () => {
    const program = `
      const { startEmbeddedKafka } = await import(${JSON.stringify(new URL('../../src/kafka/embedded/embedded-kafka.js', import.meta.url).href)});
      const kafka = await startEmbeddedKafka();
      await kafka.stop();
      process.once('beforeExit', () => console.log(process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap').join()));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 30_000 });

    expect(stdout.trim()).toBe('');
  });
});
