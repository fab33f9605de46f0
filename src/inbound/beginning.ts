import { BusbarError } from '../errors.js';
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
  #failure: BusbarError | undefined;

  given(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#undecided.add(placeOf(each));
  }

  /** Decided, or taken away before. */
  done(partition: TopicPartition): void {
    this.#undecided.delete(placeOf(partition));
    if (this.#undecided.size === 0) this.#resolve();
  }

  /** It could not be decided for a partition. What may pass is tried again; lost offsets stop the processor in their own way. */
  failed(error: unknown): void {
    if (!(error instanceof BusbarError) || error.retriable || error.code === 'OFFSETS_LOST') return;
    this.#failure = error;
    this.end();
  }

  /** Nothing more will be decided. */
  end(): void {
    this.#isOver = true;
    this.#resolve();
  }

  /** Rejects with what will not pass by itself. */
  async decided(): Promise<void> {
    if (!this.#isOver && this.#undecided.size > 0) await new Promise<void>((resolve) => (this.#resolve = resolve));
    if (this.#failure !== undefined) throw this.#failure;
  }
}
