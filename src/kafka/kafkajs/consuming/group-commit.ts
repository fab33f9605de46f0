import type { Consumer, EachBatchPayload } from 'kafkajs';

import { BusbarError } from '../../../errors.js';

export interface OffsetToCommit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

type CommitOnce = EachBatchPayload['commitOffsetsIfNecessary'];

/** Sends one commit of a consumer and says truthfully how it ended. */
export class GroupCommit {
  readonly #consumer: Consumer;
  readonly #running: () => Promise<void>;
  #once: CommitOnce | undefined;
  #acknowledged = 0;

  constructor(consumer: Consumer, running: () => Promise<void>) {
    this.#consumer = consumer;
    this.#running = running;
    // One for all commits: a listener for each makes Node warn of a leak when many partitions begin at once.
    consumer.on(consumer.events.COMMIT_OFFSETS, () => void this.#acknowledged++);
  }

  /** What kafkajs hands to its batch handler commits at any time, and asks the broker once. */
  use(once: CommitOnce): void {
    this.#once = once;
  }

  /** Rejects what kafkajs throws; the group has the offsets when it resolves. */
  async send(offsets: readonly OffsetToCommit[]): Promise<void> {
    // A repetition inside kafkajs could go out with a later generation, for partitions that are no longer ours.
    if (this.#once !== undefined) return this.#once({ topics: byTopic(offsets) });
    await this.#sendRepeating(offsets);
  }

  /** The only way before the first batch. kafkajs repeats it until it stops, and resolves silently when it has stopped. */
  async #sendRepeating(offsets: readonly OffsetToCommit[]): Promise<void> {
    const before = this.#acknowledged;
    await this.#running();
    await this.#consumer.commitOffsets(offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) })));
    if (this.#acknowledged === before) throw new BusbarError('KAFKA_FAILED', 'the consumer has ended', { retriable: true });
  }
}

function byTopic(offsets: readonly OffsetToCommit[]): { topic: string; partitions: { partition: number; offset: string }[] }[] {
  const topics = new Map<string, { partition: number; offset: string }[]>();
  for (const { topic, partition, offset } of offsets) {
    const partitions = topics.get(topic) ?? [];
    partitions.push({ partition, offset: String(offset) });
    topics.set(topic, partitions);
  }
  return Array.from(topics, ([topic, partitions]) => ({ topic, partitions }));
}
