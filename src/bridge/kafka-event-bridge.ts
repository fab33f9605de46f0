import type { EventBus } from '../bus/event-bus.js';
import type { Outlet } from '../bus/outlet.js';
import type { PartitionLag } from '../inbound/lag.js';
import type { Publisher } from '../outbound/publisher.js';
import type { Mirror, MirrorStatus } from './mirror.js';

/**
 * Mirrors the bus to Kafka and Kafka to the bus. From `connect` on, what is published is safe when Kafka has acknowledged
 * it, and from `listen` on, listeners hear what other services published. Nothing that came in goes out again. Events with
 * `direction: 'local'` stay in the process.
 */
export class KafkaEventBridge {
  readonly #bus: EventBus;
  readonly #publisher: Publisher;
  readonly #mirror: Mirror | undefined;
  #disconnect: (() => void) | undefined;
  #unsubscribe: (() => void) | undefined;

  /** Without a mirror nothing comes in. */
  constructor(bus: EventBus, publisher: Publisher, mirror?: Mirror) {
    this.#bus = bus;
    this.#publisher = publisher;
    this.#mirror = mirror;
  }

  /** `outlet` may stand between bus and publisher. */
  connect(outlet: Outlet = this.#publisher.accept): void {
    this.#disconnect ??= this.#bus.connectOutlet(outlet);
  }

  /** Resolves when everything that somebody listens to now is read. */
  async listen(): Promise<void> {
    const mirror = this.#mirror;
    if (mirror === undefined) return;
    this.#unsubscribe ??= this.#bus.onSubscribe(() => mirror.listenerAdded());
    await mirror.start();
  }

  /** Nothing comes in any more; listeners have `drainMs` to end. */
  async stopListening(drainMs: number): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    await this.#mirror?.stop(drainMs);
  }

  /** How the inbound side is; undefined where nothing comes in. */
  status(): MirrorStatus | undefined {
    return this.#mirror?.status();
  }

  /** How far its committed offsets are behind; asks the broker. Undefined where nothing comes in. */
  async lag(): Promise<readonly PartitionLag[] | undefined> {
    return this.#mirror?.lag();
  }

  /** Sends what was accepted until the deadline, then lets go of the bus. */
  async close(deadlineMs: number): Promise<void> {
    await this.#publisher.close(deadlineMs);
    this.#disconnect?.();
    this.#disconnect = undefined;
  }
}
