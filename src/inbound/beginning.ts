import type { TopicPartition } from './inbound.js';

const placeOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/**
 * Waits until it is decided where every partition begins that was given at first. Only then is it certain that a group
 * that begins with what comes misses nothing of it.
 */
export class Beginning {
  readonly #undecided = new Set<string>();
  #resolve: () => void = () => undefined;
  #isOver = false;

  given(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#undecided.add(placeOf(each));
  }

  /** Decided, or taken away before. */
  done(partition: TopicPartition): void {
    this.#undecided.delete(placeOf(partition));
    if (this.#undecided.size === 0) this.#resolve();
  }

  /** Nothing more will be decided. */
  end(): void {
    this.#isOver = true;
    this.#resolve();
  }

  async decided(): Promise<void> {
    if (this.#isOver || this.#undecided.size === 0) return;
    await new Promise<void>((resolve) => (this.#resolve = resolve));
  }
}
