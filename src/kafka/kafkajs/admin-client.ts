import type { Admin } from 'kafkajs';

import type { Notices } from '../../telemetry/notices.js';
import { Backoff } from './backoff.js';
import { newClient } from './client.js';
import { protocolType, toBusbarError } from './failure.js';
import type { Settings } from './options.js';

/** Brokers learn of a new topic one after the other, within this time. */
const SPREADING_MS = 5_000;

/**
 * One admin connection, one call at a time: calls of kafkajs that run at once overwrite each other's metadata, and
 * then answer for some partitions only, or for none. And it never forgets a topic: once one was deleted, calls for
 * others fail as well. So the connection is replaced when a topic is missing, and one that was used before is not believed;
 * nor is a broker that does not know a topic which was there a moment ago.
 */
export class AdminClient {
  readonly #settings: Settings;
  readonly #notices: Notices;
  #admin: Admin | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;
  readonly #there = new Map<string, number>();

  constructor(settings: Settings, notices: Notices) {
    this.#settings = settings;
    this.#notices = notices;
  }

  /** Rejects with a `BusbarError` whose message begins with `doing`. `topics`: those that it needs. */
  run<T>(doing: string, work: (admin: Admin) => Promise<T>, topics: readonly string[] = []): Promise<T> {
    const result = this.#last.then(() => this.#run(doing, work, topics, new Backoff(20, 500)));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** These were seen just now: a broker that does not know them is behind the others. */
  there(topics: readonly string[]): void {
    for (const topic of topics) this.#there.set(topic, Date.now());
  }

  /** Whether it was there a moment ago. */
  wasThere(topic: string): boolean {
    return Date.now() - (this.#there.get(topic) ?? -Infinity) < SPREADING_MS;
  }

  /** Ends the connection when the call under way has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    await this.#disconnect();
  }

  async #run<T>(doing: string, work: (admin: Admin) => Promise<T>, topics: readonly string[], backoff: Backoff): Promise<T> {
    const used = this.#admin;
    try {
      return await work(await this.#connected());
    } catch (error) {
      const missing = protocolType(error) === 'UNKNOWN_TOPIC_OR_PARTITION';
      if (missing) await this.#disconnect();
      const behind = missing && topics.some((topic) => this.wasThere(topic));
      if (behind) await backoff.pause();
      if (behind || (missing && used !== undefined)) return this.#run(doing, work, topics, backoff);
      throw toBusbarError(error, doing, this.#settings);
    }
  }

  async #connected(): Promise<Admin> {
    if (this.#closed) throw Object.assign(new Error('the driver is closed'), { retriable: false });
    if (this.#admin !== undefined) return this.#admin;
    const admin = newClient(this.#settings, this.#notices).admin();
    await admin.connect();
    this.#admin = admin;
    return admin;
  }

  async #disconnect(): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    await admin?.disconnect();
  }
}
