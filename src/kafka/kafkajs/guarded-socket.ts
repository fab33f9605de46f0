import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import type { ISocketFactory, ISocketFactoryArgs } from 'kafkajs';

import { isPromise } from '../../maybe-promise.js';
import type { Notices } from '../../telemetry/notices.js';

/** After so long without traffic the operating system asks whether the peer still lives. */
const KEEP_ALIVE_MS = 60_000;

type Listener = (...args: unknown[]) => unknown;

/**
 * Opens the sockets of a kafkajs client. It reads frames inside their events: what it throws there, such as at an answer that is
 * too short to be one, nobody could catch, and the process would end. Here it ends that connection only, with a notice, and
 * what waits for an answer on it is told so.
 */
export class GuardedSockets {
  readonly #notices: Notices;
  readonly #open = new Map<GuardedSocket, string>();

  constructor(notices: Notices) {
    this.#notices = notices;
  }

  readonly factory: ISocketFactory = (args) => {
    const broker = `${args.host}:${args.port}`;
    const socket = open(args);
    const guarded = new GuardedSocket(socket, broker, this.#notices);
    this.#open.set(guarded, broker);
    socket.once('close', () => this.#open.delete(guarded));
    return guarded as unknown as Socket;
  };

  /** Ends the connections to a broker, `host:port`: what waits for an answer on them is told so. */
  end(broker: string): void {
    for (const [socket, peer] of this.#open) if (peer === broker) socket.cut(new Error(`${broker} did not answer in time`));
  }
}

function open({ host, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
  const socket = ssl
    ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
    : connectPlain({ host, port }, onConnect);
  return socket.setKeepAlive(true, KEEP_ALIVE_MS);
}

/** What kafkajs uses of a socket, and no more. */
class GuardedSocket {
  readonly #socket: Socket;
  readonly #broker: string;
  readonly #notices: Notices;

  constructor(socket: Socket, broker: string, notices: Notices) {
    this.#socket = socket;
    this.#broker = broker;
    this.#notices = notices;
  }

  on(event: string, listener: Listener): this {
    this.#socket.on(event, (...args: unknown[]) => this.#tell(event, listener, args));
    return this;
  }

  write(bytes: Uint8Array | string, encoding?: BufferEncoding): boolean {
    return this.#socket.write(bytes, encoding);
  }

  end(): this {
    this.#socket.end();
    return this;
  }

  cut(error: Error): void {
    this.#socket.destroy(error);
  }

  unref(): this {
    this.#socket.unref();
    return this;
  }

  #tell(event: string, listener: Listener, args: unknown[]): void {
    try {
      const result = listener(...args);
      if (isPromise(result)) result.then(undefined, (error: unknown) => this.#failed(event, error));
    } catch (error) {
      this.#failed(event, error);
    }
  }

  #failed(event: string, error: unknown): void {
    const message = `the Kafka client failed at what a broker sent (${event}): that connection is ended, and work goes on with another`;
    this.#notices.raise({ level: 'warn', code: 'CLIENT_FAILED', message, error, details: { broker: this.#broker } });
    // Told to kafkajs as an error of the socket. When that is what it failed at, there is nobody left to tell.
    this.#socket.destroy(event === 'data' ? asError(error) : undefined);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
