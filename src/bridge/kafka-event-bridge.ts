import type { EventBus } from '../bus/event-bus.js';
import type { Publisher } from '../outbound/publisher.js';

/**
 * Mirrors the bus to Kafka: from `connect` on, what is published is safe when Kafka has acknowledged it. Events with
 * `direction: 'local'` stay in the process.
 */
export class KafkaEventBridge {
  readonly #bus: EventBus;
  readonly #publisher: Publisher;
  #disconnect: (() => void) | undefined;

  constructor(bus: EventBus, publisher: Publisher) {
    this.#bus = bus;
    this.#publisher = publisher;
  }

  connect(): void {
    this.#disconnect ??= this.#bus.connectOutlet((envelope, deadline) => this.#publisher.accept(envelope, deadline));
  }

  /** Sends what was accepted until the deadline, then lets go of the bus. */
  async close(deadlineMs: number): Promise<void> {
    await this.#publisher.close(deadlineMs);
    this.#disconnect?.();
    this.#disconnect = undefined;
  }
}
