import { BusbarError } from '../../errors.js';
import type { Notices } from '../../telemetry/notices.js';
import type { ConsumeOptions, KafkaAdmin, KafkaDriver, Subscription } from '../driver.js';
import { ProduceError } from '../produce-error.js';
import type { WireRecord } from '../record.js';
import { AdminClient } from './admin-client.js';
import { KafkaJsAdmin } from './admin.js';
import { settlesWithin } from './backoff.js';
import { tryCompression, useCompressions } from './compression.js';
import { settingsOf, type KafkaJsOptions, type Settings } from './options.js';
import { Producing } from './producing/producing.js';
import { setNoTimersInThePast } from './request-queue.js';
import { KafkaJsSubscription } from './consuming/subscription.js';
import { TopicPartitions } from './topic-partitions.js';

/** The driver over kafkajs. What kafkajs does wrong by itself is listed in docs/decisions and kept away from the caller. */
export function kafkajsDriver(options: KafkaJsOptions, notices: Notices): KafkaDriver {
  useCompressions();
  setNoTimersInThePast();
  return new KafkaJsDriver(settingsOf(options), notices);
}

class KafkaJsDriver implements KafkaDriver {
  readonly #settings: Settings;
  readonly #notices: Notices;
  readonly #adminClient: AdminClient;
  readonly #clusterClient: AdminClient;
  readonly #admin: KafkaJsAdmin;
  readonly #producing: Producing;
  readonly #topics: TopicPartitions;
  readonly #subscriptions = new Set<KafkaJsSubscription>();
  #closed: Promise<void> | undefined;

  constructor(settings: Settings, notices: Notices) {
    this.#settings = settings;
    this.#notices = notices;
    this.#adminClient = new AdminClient(settings, notices);
    this.#clusterClient = new AdminClient(settings, notices);
    this.#admin = new KafkaJsAdmin(this.#adminClient, this.#clusterClient);
    this.#topics = new TopicPartitions(this.#admin, settings.metadataMaxAgeMs);
    this.#producing = new Producing(settings, notices, (topic, partition) => this.#topics.has(topic, partition));
  }

  get admin(): KafkaAdmin {
    return this.#admin;
  }

  async connect(): Promise<void> {
    await tryCompression(this.#settings.compression);
    await this.#clusterClient.run('cannot connect', (admin) => admin.describeCluster());
  }

  partitions(topic: string): Promise<number> {
    return this.#topics.count(topic);
  }

  async produce(
    topic: string,
    partition: number,
    records: readonly WireRecord[],
    deadline: number,
    onRetry?: (error: BusbarError) => void,
  ): Promise<number> {
    try {
      return await this.#producing.send(topic, partition, records, deadline, onRetry);
    } catch (error) {
      if (error instanceof ProduceError && error.code === 'TOPIC_MISSING') this.#topics.forget(topic);
      throw error;
    }
  }

  async consume(options: ConsumeOptions): Promise<Subscription> {
    if (this.#closed !== undefined) throw new BusbarError('ILLEGAL_TRANSITION', 'the driver is closed');
    const subscription = new KafkaJsSubscription(this.#settings, this.#notices, this.#admin, options, (closed) =>
      this.#subscriptions.delete(closed),
    );
    this.#subscriptions.add(subscription);
    try {
      await subscription.join();
      return subscription;
    } catch (error) {
      this.#subscriptions.delete(subscription);
      throw error;
    }
  }

  close(deadlineMs: number): Promise<void> {
    return (this.#closed ??= this.#close(deadlineMs));
  }

  async #close(deadlineMs: number): Promise<void> {
    const until = Date.now() + deadlineMs;
    // Draining may still have something to send.
    const subscriptions = Array.from(this.#subscriptions, (subscription) => subscription.close());
    await settlesWithin(Promise.all(subscriptions), deadlineMs);
    await this.#producing.close(Math.max(0, until - Date.now()));
    await settlesWithin(Promise.all([this.#adminClient.close(), this.#clusterClient.close()]), 1_000);
  }
}
