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

/** `usedBefore`: whether the connection had served others before. */
type Attempt<T> = { readonly value: T } | { readonly error: unknown; readonly usedBefore: boolean };

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
  async run<T>(doing: string, work: Work<T>, topics: readonly string[] = []): Promise<T> {
    const until = Date.now() + SPREADING_MS;
    const backoff = new Backoff(20, 500);
    while (true) {
      // Others have their turn in between.
      const turn = this.#last.then(() => this.#attempt(work));
      this.#last = turn.catch(() => undefined);
      const attempt = await turn;
      if ('value' in attempt) return attempt.value;
      const { error, usedBefore } = attempt;
      const missing = protocolType(error) === 'UNKNOWN_TOPIC_OR_PARTITION';
      const behind = missing ? topics.some((topic) => this.wasThere(topic)) : isElsewhere(error) && Date.now() < until;
      if (!behind && !(missing && usedBefore)) throw toBusbarError(error, doing, this.#settings);
      if (behind) await backoff.pause();
    }
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

  async #attempt<T>(work: Work<T>): Promise<Attempt<T>> {
    const usedBefore = this.#admin !== undefined;
    try {
      return { value: await work(await this.#connected()) };
    } catch (error) {
      if (protocolType(error) === 'UNKNOWN_TOPIC_OR_PARTITION' || isElsewhere(error)) await this.#disconnect();
      return { error, usedBefore };
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

function isElsewhere(error: unknown): boolean {
  return NOT_LEADING.has(protocolType(error) ?? '');
}
