import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { until } from '../support/application.js';
import { TcpProxy } from '../support/tcp-proxy.js';

/** Says what it is told, and remembers it. */
interface Client {
  readonly socket: Socket;
  heard: string;
  closed: boolean;
}

describe('a TCP proxy', () => {
  let server: Server;
  let received: string;
  let proxy: TcpProxy;
  const clients: Client[] = [];

  beforeEach(async () => {
    received = '';
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        received += String(data);
        socket.write(`<${String(data)}>`);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await TcpProxy.start(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await proxy.stop();
    server.close();
  });

  function dial(): Client {
    const [host, port] = proxy.address.split(':');
    const client: Client = { socket: connect(Number(port), host), heard: '', closed: false };
    client.socket.on('data', (data) => (client.heard += String(data)));
    client.socket.on('error', () => undefined);
    client.socket.on('close', () => (client.closed = true));
    clients.push(client);
    return client;
  }

  /** Connected, all the way. */
  async function connected(): Promise<Client> {
    const client = dial();
    client.socket.write('0');
    await until(() => client.heard === '<0>');
    return client;
  }

  it('carries bytes both ways, and the end of a stream', async () => {
    const client = await connected();
    client.socket.end('1');
    await until(() => client.closed);
    expect([received, client.heard]).toEqual(['01', '<0><1>']);
    await until(() => proxy.connections === 0);
  });

  it('cuts connections, and lets new ones pass', async () => {
    const client = await connected();
    proxy.cut();
    await until(() => client.closed);
    await connected();
    expect(received).toBe('00');
  });

  it('refuses until it heals', async () => {
    const client = await connected();
    proxy.refuse();
    const refused = dial();
    await until(() => client.closed && refused.closed);
    proxy.heal();
    await connected();
    expect(received).toBe('00');
  });

  it('swallows answers to what arrives', async () => {
    const client = await connected();
    proxy.swallowAnswers();
    client.socket.write('1');
    await until(() => proxy.swallowed === 3);
    client.socket.write('2');
    const late = dial();
    late.socket.write('2');
    await until(() => received === '0122' && proxy.swallowed === 9);
    expect([client.heard, late.heard, client.closed]).toEqual(['<0>', '', false]);
  });

  it('lets nothing through a blackhole, and never a stream with a hole', async () => {
    const client = await connected();
    proxy.blackhole();
    client.socket.write('1');
    await until(() => proxy.swallowed === 1);
    expect([received, client.closed]).toEqual(['0', false]);
    proxy.heal();
    await until(() => client.closed);
    await connected();
    expect([received, client.heard]).toEqual(['00', '<0>']);
  });

  it('half-opens: the client is not told, what it writes goes nowhere, and new connections pass', async () => {
    const [[far], client] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, connected()]);
    proxy.halfOpen();
    await until(() => far.closed);
    client.socket.write('1');
    await until(() => proxy.swallowed === 1);
    await connected();
    expect([received, client.heard, client.closed]).toEqual(['00', '<0>', false]);
  });

  it('keeps the order when the latency changes', async () => {
    const client = await connected();
    proxy.delay(30);
    client.socket.write('1');
    await until(() => received === '01');
    proxy.delay(0);
    client.socket.write('2');
    await until(() => received.length === 3);
    expect(received).toBe('012');
  });
});
