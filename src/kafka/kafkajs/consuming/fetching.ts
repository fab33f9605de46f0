import type { Consumer } from 'kafkajs';

/** Steers what kafkajs fetches. Once it has stopped there is nothing to steer, and kafkajs would throw. */
export class Fetching {
  readonly #consumer: Consumer;
  #stopped = false;

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
    consumer.on(consumer.events.STOP, () => void (this.#stopped = true));
  }

  pause(topic: string, partitions: number[]): void {
    if (!this.#stopped) this.#consumer.pause([{ topic, partitions }]);
  }

  resume(topic: string, partitions: number[]): void {
    if (!this.#stopped) this.#consumer.resume([{ topic, partitions }]);
  }

  /** What was fetched from elsewhere and is still on its way is dropped by kafkajs. */
  seek(topic: string, partition: number, offset: number): void {
    if (!this.#stopped) this.#consumer.seek({ topic, partition, offset: String(offset) });
  }
}
