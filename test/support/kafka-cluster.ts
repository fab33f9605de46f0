import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { ITopicMetadata } from 'kafkajs';

import { until } from './application.js';
import { kafkajsClient } from './kafkajs-client.js';
import { TcpProxy } from './tcp-proxy.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Where a node listens: this much beyond its first port; see scripts/kafka.sh. */
const PROXIED = 40;
const PROXIES = 50;

export interface KafkaClusterOptions {
  /** Default: 3. */
  readonly nodes?: 1 | 3 | undefined;
  /** Also listen with SASL over TLS and with client certificates, and ask an authorizer. */
  readonly secure?: boolean | undefined;
  /** Put a proxy in front of each node, which clients that come through one are sent to. */
  readonly proxied?: boolean | undefined;
  /** Of Apache Kafka; default: `KAFKA_VERSION`, else what scripts/kafka.sh starts. */
  readonly version?: string | undefined;
}

/** Of the authority of the cluster, of its client `CN=client`, and of an authority and a client that it refuses. */
export type CertificateFile = 'ca.pem' | 'client.pem' | 'client.key' | 'other-ca.pem' | 'other-client.pem' | 'other-client.key';

/**
 * Apache Kafka on ports of its own, whose nodes can be killed and paused. Nodes are numbered from 1. It needs Java and, the
 * first time, Maven. It ends with this process at the latest.
 */
export class KafkaCluster {
  private constructor(
    /** Without a proxy, in plain text, as a user who may all. */
    readonly bootstrap: string,
    /** One in front of each node, the first in front of node 1; none unless `proxied`. */
    readonly proxies: readonly TcpProxy[],
    readonly nodes: readonly number[],
    private readonly env: NodeJS.ProcessEnv,
    private readonly keeper: ChildProcess,
  ) {}

  static async start({ nodes = 3, secure = false, proxied = false, version }: KafkaClusterOptions = {}): Promise<KafkaCluster> {
    const port = await freePorts();
    const env = {
      ...process.env,
      KAFKA_PORT: String(port),
      KAFKA_SECURE: secure ? '1' : '',
      KAFKA_ADVERTISED_PORT: proxied ? String(port + PROXIES) : '',
      ...(version === undefined ? {} : { KAFKA_VERSION: version }),
    };
    // Reads until this process ends or says so, in whichever way, and then takes the nodes down.
    const keeper = spawn('sh', ['-c', 'read end; exec scripts/kafka.sh clean'], {
      cwd: root,
      env,
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const numbers = Array.from({ length: nodes }, (_, i) => i + 1);
    const bootstrap = await script(env, 'up', nodes);
    const proxies = proxied
      ? numbers.map((node) => TcpProxy.start(`127.0.0.1:${port + PROXIED + node - 1}`, port + PROXIES + node - 1))
      : [];
    return new KafkaCluster(bootstrap, await Promise.all(proxies), numbers, env, keeper);
  }

  /** Through the proxies, and only through them. */
  get proxiedBootstrap(): string {
    return this.proxies.map(({ address }) => address).join();
  }

  /** SASL over TLS: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER; users `admin` and `alice`, `admin-secret` and `alice-secret`. */
  saslBootstrap(): Promise<string> {
    return script(this.env, 'secure-bootstrap');
  }

  /** TLS with client certificates. */
  mtlsBootstrap(): Promise<string> {
    return script(this.env, 'mtls-bootstrap');
  }

  async certificate(file: CertificateFile): Promise<string> {
    return join(await script(this.env, 'tls-dir'), file);
  }

  /** At once, with SIGKILL. */
  async killNode(node: number): Promise<void> {
    await script(this.env, 'kill', node);
  }

  /** In order: it hands over what it leads first. */
  async stopNode(node: number): Promise<void> {
    await script(this.env, 'stop', node);
  }

  /** Again, with its data; resolves when it is ready. */
  async startNode(node: number): Promise<void> {
    await script(this.env, 'start', node);
  }

  /** Stands still, with its connections open. */
  async pauseNode(node: number): Promise<void> {
    await script(this.env, 'pause', node);
  }

  async resumeNode(node: number): Promise<void> {
    await script(this.env, 'resume', node);
  }

  /** The node that leads the partition. */
  async leader(topic: string, partition: number): Promise<number> {
    const { partitions } = await this.#describe(topic);
    return partitions.find(({ partitionId }) => partitionId === partition)!.leader;
  }

  /** Resolves when every copy of the topic is up to date again: the next fault may come. */
  async inSync(topic: string): Promise<void> {
    await until(async () => {
      const { partitions } = await this.#describe(topic);
      return partitions.every(({ isr, replicas }) => isr.length === replicas.length);
    });
  }

  /** All of it; its data is deleted. */
  async stop(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
    const ended = once(this.keeper, 'exit');
    this.keeper.stdin?.end();
    await ended;
  }

  async #describe(topic: string): Promise<ITopicMetadata> {
    const admin = kafkajsClient(this.bootstrap, { retry: { retries: 20, initialRetryTime: 100, maxRetryTime: 1_000 } }).admin();
    await admin.connect();
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]!;
    } finally {
      await admin.disconnect();
    }
  }
}

async function script(env: NodeJS.ProcessEnv, command: string, argument?: number): Promise<string> {
  const args = argument === undefined ? [command] : [command, String(argument)];
  const { stdout } = await promisify(execFile)('scripts/kafka.sh', args, { cwd: root, env });
  return stdout.trim();
}

/** The first of a range in which all that a cluster needs is free. Below those that systems deal out by themselves. */
async function freePorts(): Promise<number> {
  for (;;) {
    const first = 20_000 + 60 * Math.floor(Math.random() * 150);
    const range = Array.from({ length: 60 }, (_, i) => first + i);
    if ((await Promise.all(range.map(isFree))).every(Boolean)) return first;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
