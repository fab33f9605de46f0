import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

type Mode = 'pass' | 'refuse' | 'blackhole' | 'swallow-answers';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** For these bytes were lost: TCP never delivers what comes behind a hole. */
  readonly deaf: Set<Socket>;
}

/** Stands in front of one address and does harm to the connections. */
export class TcpProxy {
  readonly address: string;
  readonly #listener: Server;
  readonly #target: AddressInfo;
  readonly #links = new Set<Link>();
  #mode: Mode = 'pass';
  #latencyMs = 0;
  #swallowed = 0;

  private constructor(listener: Server, target: AddressInfo) {
    const { address, port } = listener.address() as AddressInfo;
    this.address = `${address}:${port}`;
    this.#listener = listener;
    this.#target = target;
    listener.on('connection', (client) => this.#accept(client));
  }

  /** In front of `target`, as `host:port`; on a port that is free unless one is given. */
  static async start(target: string, port = 0): Promise<TcpProxy> {
    const [address = '', targetPort] = target.split(':');
    const listener = createServer({ allowHalfOpen: true, noDelay: true }).listen(port, '127.0.0.1');
    await once(listener, 'listening');
    return new TcpProxy(listener, { address, port: Number(targetPort), family: 'IPv4' });
  }

  /** Bytes that were lost in it so far. */
  get swallowed(): number {
    return this.#swallowed;
  }

  get connections(): number {
    return this.#links.size;
  }

  /** Resets all connections; new ones pass. */
  cut(): void {
    for (const { client, server } of this.#links) for (const socket of [client, server]) socket.resetAndDestroy();
  }

  /** Resets all connections, and new ones until `heal`: the process is gone. */
  refuse(): void {
    this.#mode = 'refuse';
    this.cut();
  }

  /** The far side forgets all connections and clients are not told: what they write now goes nowhere. New connections pass. */
  halfOpen(): void {
    for (const link of this.#links) {
      link.deaf.add(link.client).add(link.server);
      link.server.resetAndDestroy();
    }
  }

  /** Until `heal` nothing that clients write arrives, nor what they are answered; connections stay open: the network is gone. */
  blackhole(): void {
    this.#mode = 'blackhole';
  }

  /** Until `heal` what clients write arrives, and what they are answered does not. */
  swallowAnswers(): void {
    this.#mode = 'swallow-answers';
  }

  /** Everything takes so long, each way, until told otherwise. */
  delay(ms: number): void {
    this.#latencyMs = ms;
  }

  /** Everything passes again. Connections that have lost something are reset. */
  heal(): void {
    this.#mode = 'pass';
    for (const { client, server, deaf } of this.#links) if (deaf.size > 0) for (const socket of [client, server]) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    const closed = once(this.#listener, 'close');
    this.#listener.close();
    this.cut();
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ host: this.#target.address, port: this.#target.port, noDelay: true, allowHalfOpen: true });
    const link: Link = { client, server, deaf: new Set() };
    this.#links.add(link);
    client.on('close', () => {
      this.#links.delete(link);
      if (link.deaf.size > 0) server.resetAndDestroy();
    });
    this.#carry(link, client, server, () => this.#mode === 'blackhole');
    this.#carry(link, server, client, () => this.#mode === 'blackhole' || this.#mode === 'swallow-answers');
  }

  #carry({ deaf }: Link, from: Socket, to: Socket, lost: () => boolean): void {
    let line = Promise.resolve();
    // In the order in which it came, also when the latency changes.
    const later = (work: () => void): void => {
      const due = Date.now() + this.#latencyMs;
      line = line.then(async () => {
        if (due > Date.now()) await sleep(due - Date.now());
        work();
      });
    };
    const arrives = (): boolean => {
      if (lost()) deaf.add(to);
      return !deaf.has(to);
    };
    from.on('data', (data) => {
      if (!arrives()) {
        this.#swallowed += data.length;
        return;
      }
      later(() => {
        if (to.destroyed || to.write(data)) return;
        from.pause();
        to.once('drain', () => from.resume());
      });
    });
    from.on('end', () => {
      if (arrives()) later(() => to.end());
    });
    from.on('error', () => {
      if (arrives()) to.resetAndDestroy();
    });
  }
}
