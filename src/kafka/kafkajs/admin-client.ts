import type { Admin } from 'kafkajs';

import type { Notices } from '../../telemetry/notices.js';
import { Backoff } from './backoff.js';
import { newClient } from './client.js';
import { protocolType, toBusbarError } from './failure.js';
import type { Settings } from './options.js';

/** Brokers learn of a new topic, and of who leads a partition, one after the other, within this time. */
const SPREADING_MS = 5_000;

/** Another broker leads what this one was asked for, or nobody does yet. */
const NOT_LEADING = new Set(['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE']);

type Work<T> = (admin: Admin) => Promise<T>;

/**
 * One admin connection, one call at a time: calls of kafkajs that run at once overwrite each other's metadata, and
 * then answer for some partitions only, or for none. And it never forgets a topic: once one was deleted, calls for
 * others fail as well. So the connection is replaced when a topic is missing, and one that was used before is not believed;
 * nor is a broker that does not know a topic which was there a moment ago. Nor does it ask who leads now when the broker it
 * asked does not: that takes a new connection as well.
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
  run<T>(doing: string, work: Work<T>, topics: readonly string[] = []): Promise<T> {
    const result = this.#last.then(() => this.#run(doing, work, topics, new Backoff(20, 500), Date.now() + SPREADING_MS));
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

  async #run<T>(doing: string, work: Work<T>, topics: readonly string[], backoff: Backoff, until: number): Promise<T> {
    const used = this.#admin;
    try {
      return await work(await this.#connected());
    } catch (error) {
      const type = protocolType(error) ?? '';
      const missing = type === 'UNKNOWN_TOPIC_OR_PARTITION';
      const moved = NOT_LEADING.has(type);
      if (missing || moved) await this.#disconnect();
      const behind = (missing && topics.some((topic) => this.wasThere(topic))) || (moved && Date.now() < until);
      if (behind) await backoff.pause();
      if (behind || (missing && used !== undefined)) return this.#run(doing, work, topics, backoff, until);
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
