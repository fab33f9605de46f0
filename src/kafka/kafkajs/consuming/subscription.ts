import type { BusbarError } from '../../../errors.js';
import type { Notices } from '../../../telemetry/notices.js';
import type { Claim, ConsumeOptions, GroupMembership, Subscription } from '../../driver.js';
import type { KafkaJsAdmin } from '../admin.js';
import { Backoff } from '../backoff.js';
import { newClient } from '../client.js';
import type { LastRead } from './membership-context.js';
import { Membership } from './membership.js';
import type { Settings } from '../options.js';

/** A group may need so long to find its coordinator, the first time on a new cluster. */
const FIRST_JOIN_MS = 30_000;

/** Keeps a member in the group: when a consumer dies, what it held is lost and a new one joins, until `close`. */
export class KafkaJsSubscription implements Subscription {
  readonly #settings: Settings;
  readonly #notices: Notices;
  readonly #admin: KafkaJsAdmin;
  readonly #options: ConsumeOptions;
  readonly #onClosed: (subscription: KafkaJsSubscription) => void;
  readonly #remembered = new Map<string, number>();
  readonly #begun = new Set<string>();
  readonly #lastRead = new Map<string, LastRead>();
  readonly #backoff = new Backoff(200, 10_000);
  readonly #closing = new AbortController();
  #membership: Membership | undefined;
  #standing: GroupMembership = { joined: false, since: Date.now(), error: undefined };
  #replacing: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(
    settings: Settings,
    notices: Notices,
    admin: KafkaJsAdmin,
    options: ConsumeOptions,
    onClosed: (subscription: KafkaJsSubscription) => void,
  ) {
    this.#onClosed = onClosed;
    this.#settings = settings;
    this.#notices = notices;
    this.#admin = admin;
    this.#options = options;
  }

  /** Resolves at the first assignment. Rejects what does not pass by itself, and the rest after half a minute. */
  async join(): Promise<void> {
    const until = Date.now() + FIRST_JOIN_MS;
    while (true) {
      try {
        return await this.#joinAnew();
      } catch (error) {
        const { retriable } = error as BusbarError;
        if (!retriable || Date.now() > until) throw error;
        await this.#backoff.pause(this.#closing.signal);
        // Closed in the pause: nobody would end another member.
        if (this.#closing.signal.aborted) throw error;
      }
    }
  }

  claims(): readonly Claim[] {
    return this.#membership?.claims() ?? [];
  }

  get membership(): GroupMembership {
    return this.#standing;
  }

  async flush(): Promise<void> {
    await this.#membership?.flush();
  }

  close(): Promise<void> {
    this.#closing.abort();
    return (this.#closed ??= this.#end());
  }

  async #end(): Promise<void> {
    try {
      this.#leaves(undefined);
      await this.#membership?.end(false);
      await this.#replacing;
    } finally {
      this.#onClosed(this);
    }
  }

  async #joinAnew(): Promise<void> {
    const began = Date.now();
    let said: string | undefined;
    const membership = new Membership({
      client: newClient(this.#settings, this.#notices, (error) => (said = error)),
      lastSaid: () => said,
      admin: this.#admin,
      settings: this.#settings,
      notices: this.#notices,
      options: this.#options,
      remembered: this.#remembered,
      begun: this.#begun,
      lastRead: this.#lastRead,
      joined: () => {
        if (membership === this.#membership) this.#standing = { joined: true, since: Date.now(), error: this.#standing.error };
      },
      rejoins: () => {
        if (membership === this.#membership && this.#standing.joined) this.#leaves(undefined);
      },
      crashed: (error) => {
        if (membership !== this.#membership) return;
        // One that dies soon after it has joined will do so again.
        if (Date.now() - began > this.#settings.sessionTimeoutMs) this.#backoff.reset();
        this.#leaves(error);
        this.#replacing = this.#replace(membership, error);
      },
      stopped: (error) => this.#stop(error),
    });
    this.#membership = membership;
    try {
      await membership.join();
    } catch (error) {
      await membership.end(true);
      throw error;
    }
  }

  async #replace(dead: Membership, error: BusbarError): Promise<void> {
    this.#membership = undefined;
    let cause: unknown = error;
    await dead.end(true);
    while (!this.#closing.signal.aborted) {
      this.#notices.raise({
        level: 'error',
        code: 'CONSUMER_RESTARTED',
        message: 'a consumer died; a new one joins the group',
        error: cause,
        details: { group: this.#options.group },
      });
      await this.#backoff.pause(this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      try {
        return await this.#joinAnew();
      } catch (failure) {
        cause = failure;
        this.#leaves(failure as BusbarError);
      }
    }
  }

  #leaves(error: BusbarError | undefined): void {
    const { joined, since } = this.#standing;
    this.#standing = { joined: false, since: joined ? Date.now() : since, error };
  }

  #stop(error: BusbarError): void {
    if (this.#closing.signal.aborted) return;
    // Not awaited: it is called from within a partition's own work, which the closing waits for.
    void this.close();
    this.#options.onStopped(error);
  }
}
