import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';

export interface TlsFront {
  /** `127.0.0.1:port`. */
  readonly address: string;
  close(): void;
}

/** Takes connections with TLS and passes on what is in them, as an own listener of a broker would. */
export async function tlsFront(behind: string, options: TlsOptions): Promise<TlsFront> {
  const [host, port] = behind.split(':');
  const server = createServer(options, (outside) => {
    const inside = connect(Number(port), host);
    outside.on('error', () => inside.destroy()).on('close', () => inside.destroy());
    inside.on('error', () => outside.destroy()).on('close', () => outside.destroy());
    outside.pipe(inside).pipe(outside);
  });
  server.on('tlsClientError', () => undefined); // a handshake that fails is what the other side is told of
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
