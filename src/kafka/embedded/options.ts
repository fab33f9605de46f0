import type { TlsOptions } from 'node:tls';

import { BusbarError } from '../../errors.js';
import type { Notices } from '../../telemetry/notices.js';

export interface EmbeddedUser {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
}

export interface EmbeddedKafkaOptions {
  /** How many brokers the cluster has: node 0, 1, … Default: as many as there are `ports`, else 1. */
  readonly nodes?: number | undefined;
  /** The port of each node; 0 is any free port, the default. */
  readonly ports?: readonly number[] | undefined;
  /** Topics that exist from the start, with their number of partitions; those that exist already are left alone. */
  readonly topics?: Readonly<Record<string, number>> | undefined;
  /** Number of partitions of a topic that is created without one. Default: 3. */
  readonly partitions?: number | undefined;
  /** Whether a topic comes into being when a client asks for it. Default: false. */
  readonly autoCreate?: boolean | undefined;
  /**
   * Where the log, the topics and the committed offsets are kept, across stops and kills of the process. One broker
   * at a time: `DATA_DIR_IN_USE`. Default: a temporary directory that `stop` removes.
   */
  readonly dataDir?: string | undefined;
  /**
   * Whether every batch is flushed to the disk before it is acknowledged. Default: false, as Kafka: what is
   * acknowledged survives the end of the process, not that of the machine.
   */
  readonly fsync?: boolean | undefined;
  /** Broker settings by Kafka's names, e.g. `{ 'message.max.bytes': '5242880' }`. */
  readonly configs?: Readonly<Record<string, string>> | undefined;
  /** Clients have to log in, as one of these. Each may do everything. */
  readonly users?: readonly EmbeddedUser[] | undefined;
  /** Clients have to speak TLS: `key` and `cert` (for 127.0.0.1), with `ca` and `requestCert` for client certificates. */
  readonly tls?: Pick<TlsOptions, 'key' | 'cert' | 'ca' | 'passphrase' | 'requestCert' | 'rejectUnauthorized'> | undefined;
  /** Hears what the broker logs, e.g. a write that failed; by default it goes to stderr. */
  readonly notices?: Notices | undefined;
}

/** What the program in the worker is told; the field names are those of its `options` type. */
export interface BrokerSettings {
  readonly ports: readonly number[];
  readonly topics: Readonly<Record<string, number>>;
  readonly partitions: number;
  readonly autoCreate: boolean;
  readonly dataDir: string;
  readonly fsync: boolean;
  readonly configs: Readonly<Record<string, string>>;
  readonly users: readonly EmbeddedUser[];
}

export function brokerSettings(options: EmbeddedKafkaOptions, dataDir: string): BrokerSettings {
  const { topics = {}, partitions = 3, autoCreate = false, fsync = false, configs = {}, users = [] } = options;
  return { ports: portsOf(options), topics, partitions, autoCreate, dataDir, fsync, configs, users };
}

function portsOf({ nodes, ports }: EmbeddedKafkaOptions): readonly number[] {
  const wanted = nodes ?? ports?.length ?? 1;
  if (!Number.isInteger(wanted) || wanted < 1 || (ports !== undefined && ports.length !== wanted)) {
    throw new BusbarError(
      'EMBEDDED_FAILED',
      `nodes is ${wanted} and ports has ${ports?.length ?? 'no'} entries: one port for each of at least one node`,
    );
  }
  return ports ?? Array.from({ length: wanted }, () => 0);
}
