import { BusbarError } from '../errors.js';
import type { KafkaDriver, StartPosition } from '../kafka/driver.js';
import type { Store } from '../store/store.js';

/** Where a group begins to read a topic that it has never read. */
export type From = 'earliest' | 'latest';

export interface StartOffsetsOptions {
  readonly group: string;
  readonly from: From;
  readonly driver: KafkaDriver;
  readonly store: Store | undefined;
}

/**
 * Decides where reading begins, so that offsets never reset silently. A committed offset is used when the log still has
 * it. Without one, a partition is read for the first time (`from`), or it was added later (its beginning), or what the
 * group had committed is gone: `OFFSETS_LOST`. Which of the three it is, the store remembers; without a store the last
 * cannot be told from the first.
 */
export class StartOffsets {
  readonly #options: StartOffsetsOptions;
  readonly #store: Store | undefined;
  /** Without a store: whether the group had commits on a topic when this process first asked. */
  readonly #hadCommits = new Map<string, Promise<boolean>>();

  constructor(options: StartOffsetsOptions) {
    this.#options = options;
    this.#store = options.driver.logEndsWithProcess === true ? undefined : options.store;
  }

  async decide(position: StartPosition): Promise<number> {
    const { committed } = position;
    if (committed === undefined) return this.#begin(position);
    if (committed < position.beginning || committed > position.end) throw this.#outOfRange(position, committed);
    await this.#remember(position);
    return committed;
  }

  async #begin(position: StartPosition): Promise<number> {
    const offset = this.#store === undefined ? await this.#guess(position) : await this.#recall(position, this.#store);
    await position.commit(offset);
    await this.#store?.started(this.#options.group, position.topic, position.partition);
    return offset;
  }

  async #recall(position: StartPosition, store: Store): Promise<number> {
    const { group, driver } = this.#options;
    const { topic, partition } = position;
    const count = await driver.partitions(topic);
    await store.declare(
      group,
      topic,
      Array.from({ length: Math.max(count, partition + 1) }, (_, index) => index),
    );
    const state = (await store.partitions(group, topic)).get(partition);
    if (state === 'started') throw this.#lost(position);
    return state === 'starting' ? this.#first(position) : position.beginning;
  }

  async #guess(position: StartPosition): Promise<number> {
    const { group, driver } = this.#options;
    const { topic } = position;
    let had = this.#hadCommits.get(topic);
    if (had === undefined) {
      had = driver.admin.committed(group, topic).then((all) => all.some(({ offset }) => offset !== undefined));
      this.#hadCommits.set(topic, had);
      had.catch(() => this.#hadCommits.delete(topic));
    }
    return (await had) ? position.beginning : this.#first(position);
  }

  #first(position: StartPosition): number {
    return this.#options.from === 'earliest' ? position.beginning : position.end;
  }

  async #remember({ topic, partition }: StartPosition): Promise<void> {
    if (this.#store === undefined) return;
    const { group } = this.#options;
    const known = await this.#store.partitions(group, topic);
    if (known.get(partition) !== 'started') await this.#store.started(group, topic, partition);
  }

  #lost({ topic, partition, beginning, end }: StartPosition): BusbarError {
    return new BusbarError(
      'OFFSETS_LOST',
      `group ${this.#options.group} had committed an offset of ${topic}/${partition} and it is gone (expired or deleted). ` +
        `Nothing was reset. Commit ${beginning} to read everything that is left (what was handled before is dropped as duplicate while the inbox keeps it), or ${end} to read only what comes`,
    );
  }

  #outOfRange({ topic, partition, beginning, end }: StartPosition, committed: number): BusbarError {
    const why =
      committed < beginning ? 'retention deleted records that were not read' : 'the topic was deleted and created again, or lost records';
    return new BusbarError(
      'OFFSETS_LOST',
      `group ${this.#options.group} is at ${committed} of ${topic}/${partition}, and the log has ${beginning} to ${end}: ${why}. ` +
        `Nothing was reset. Commit ${beginning} to go on with what is left, or ${end} to read only what comes`,
    );
  }
}
