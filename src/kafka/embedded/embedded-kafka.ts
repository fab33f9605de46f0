import { BusbarError } from '../../errors.js';
import type { Operation } from './broker-messages.js';
import { BrokerThread } from './broker-thread.js';
import { openDataDirectory, type DataDirectory } from './data-directory.js';
import { FaultInjection } from './faults.js';
import type { EmbeddedKafkaOptions } from './options.js';

export type { ApiName, DelayTarget, FailTarget, Fault, FaultTarget } from './faults.js';
export type { EmbeddedKafkaOptions, EmbeddedUser } from './options.js';

/**
 * Starts a Kafka inside this process: in a worker thread, on loopback, reached through real sockets by any Kafka
 * client. It has no replication: what Kafka promises beyond one machine it does not show.
 *
 * Rejects `EMBEDDED_NOT_BUILT`, `DATA_DIR_IN_USE`, or `EMBEDDED_FAILED`, e.g. when a port is taken.
 */
export async function startEmbeddedKafka(options: EmbeddedKafkaOptions = {}): Promise<EmbeddedKafka> {
  const directory = await openDataDirectory(options.dataDir);
  try {
    const thread = await BrokerThread.start(options, directory.path);
    try {
      return new EmbeddedKafka(thread, await thread.started, directory);
    } catch (error) {
      await thread.ended; // it may be writing still
      throw error;
    }
  } catch (error) {
    await directory.release();
    throw error;
  }
}

/** A running embedded Kafka. Its faults, for tests, are the methods of `FaultInjection`. */
export class EmbeddedKafka extends FaultInjection {
  readonly #thread: BrokerThread;
  readonly #addresses = new Map<number, string>();
  readonly #released: Promise<void>;
  /** Absolute path of the directory that has the log. */
  readonly dataDir: string;
  readonly #crashListeners = new Set<(error: BusbarError) => void>();
  #crash: BusbarError | undefined;

  /** Made by `startEmbeddedKafka`. */
  constructor(thread: BrokerThread, addresses: readonly string[], directory: DataDirectory) {
    super();
    this.#thread = thread;
    this.dataDir = directory.path;
    addresses.forEach((address, node) => this.#addresses.set(node, address));
    this.#released = thread.ended.then(async (crash) => {
      await directory.release();
      if (crash !== undefined) this.#crashed(crash);
    });
  }

  /** The servers for a client's configuration: "127.0.0.1:port", separated by commas when there are several nodes. */
  get bootstrap(): string {
    return [...this.#addresses.values()].join(',');
  }

  /** The ids of the nodes. */
  get nodes(): readonly number[] {
    return [...this.#addresses.keys()];
  }

  /**
   * Calls the listener once with `EMBEDDED_CRASHED` and the text of the broker's panic when the broker ends by itself,
   * at once if it has. A crash that nobody listens to is thrown as an uncaught exception. Returns the unsubscriber.
   */
  onCrash(listener: (error: BusbarError) => void): () => void {
    if (this.#crash !== undefined) listener(this.#crash);
    else this.#crashListeners.add(listener);
    return () => void this.#crashListeners.delete(listener);
  }

  /**
   * Flushes, closes every connection, ends the thread and releases the data directory; a temporary one is removed.
   * Never rejects because of a crash, and may be called again.
   */
  async stop(): Promise<void> {
    await this.#thread.stop();
    await this.#released;
  }

  /** Makes the broker panic, for tests of what happens then. Resolves when it is gone and `onCrash` was called. */
  async crash(): Promise<void> {
    await this.run({ op: 'crash' }).catch(() => undefined); // the rejection is the crash that was asked for
    await this.#released;
  }

  protected run<T>(operation: Operation): Promise<T> {
    return this.#thread.call(operation);
  }

  protected addressOf(node: number): string {
    const address = this.#addresses.get(node);
    if (address === undefined) throw new BusbarError('EMBEDDED_FAILED', `there is no node ${node}; there are ${this.nodes.join(', ')}`);
    return address;
  }

  protected nodeAdded(node: number, port: number): void {
    this.#addresses.set(node, `127.0.0.1:${port}`);
  }

  protected nodeRemoved(node: number): void {
    this.#addresses.delete(node);
  }

  #crashed(crash: BusbarError): void {
    this.#crash = crash;
    if (this.#crashListeners.size === 0) {
      process.nextTick(() => {
        throw crash;
      });
    }
    for (const listener of this.#crashListeners) listener(crash);
  }
}
