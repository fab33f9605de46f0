import { BusbarError } from '../errors.js';
import type { KafkaDriver, StartPosition } from '../kafka/driver.js';
import type { Store } from '../store/store.js';
import type { Notices } from '../telemetry/notices.js';

/** Where a group begins to read a topic that it has never read. */
export type From = 'earliest' | 'latest';

/**
 * What a partition without a committed offset is to its group: read for the first time, with the topic; left over, for a reason that
 * is not known; or added to a topic that it reads already.
 */
type Unread = 'first' | 'left' | 'added';

/** What was known of a topic without a store when this process first asked. */
interface FirstSight {
  readonly hasCommits: boolean;
  readonly partitions: number;
}

export interface StartOffsetsOptions {
  readonly group: string;
  readonly from: From;
  readonly driver: KafkaDriver;
  readonly store: Store | undefined;
  /** Whether what was handled is known by an inbox when it comes again. */
  readonly hasInbox: boolean;
  readonly notices: Notices;
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
  readonly #firstSights = new Map<string, Promise<FirstSight>>();
  /** Partitions of which the group has had an offset in the time of this process. */
  readonly #begun = new Set<string>();

  constructor(options: StartOffsetsOptions) {
    this.#options = options;
    this.#store = options.driver.logEndsWithProcess === true ? undefined : options.store;
  }

  async decide(position: StartPosition): Promise<number> {
    const place = `${position.topic}/${position.partition}`;
    const offset = position.committed === undefined ? await this.#begin(position, place) : await this.#goOn(position, position.committed);
    this.#begun.add(place);
    return offset;
  }

  async #goOn(position: StartPosition, committed: number): Promise<number> {
    if (committed < position.beginning || committed > position.end) throw this.#outOfRange(position, committed);
    await this.#remember(position);
    return committed;
  }

  async #begin(position: StartPosition, place: string): Promise<number> {
    if (this.#begun.has(place)) throw this.#lost(position);
    const unread = this.#store === undefined ? await this.#guess(position) : await this.#recall(position, this.#store);
    const offset = unread === 'first' && this.#options.from === 'latest' ? position.end : position.beginning;
    await position.commit(offset);
    await this.#store?.started(this.#options.group, position.topic, position.partition);
    if (unread === 'added') this.#tellAdded(position);
    return offset;
  }

  async #recall(position: StartPosition, store: Store): Promise<Unread> {
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
    return state === 'starting' ? 'first' : 'added';
  }

  async #guess({ topic, partition }: StartPosition): Promise<Unread> {
    let first = this.#firstSights.get(topic);
    if (first === undefined) {
      first = this.#look(topic);
      this.#firstSights.set(topic, first);
      first.catch(() => this.#firstSights.delete(topic));
    }
    const { hasCommits, partitions } = await first;
    if (partition >= partitions) return 'added';
    return hasCommits ? 'left' : 'first';
  }

  async #look(topic: string): Promise<FirstSight> {
    const { group, driver } = this.#options;
    const partitions = await driver.partitions(topic);
    const committed = await driver.admin.committed(group, topic);
    return { hasCommits: committed.some(({ offset }) => offset !== undefined), partitions };
  }

  #tellAdded({ topic, partition }: StartPosition): void {
    this.#options.notices.raise({
      level: 'warn',
      code: 'PARTITIONS_ADDED',
      message: 'a partition was added and is read from its beginning; the order of a key that came to it is not kept across the change',
      details: { group: this.#options.group, topic, partition },
    });
  }

  async #remember({ topic, partition }: StartPosition): Promise<void> {
    if (this.#store === undefined) return;
    const { group } = this.#options;
    const known = await this.#store.partitions(group, topic);
    if (known.get(partition) !== 'started') await this.#store.started(group, topic, partition);
  }

  #lost({ topic, partition, beginning, end }: StartPosition): BusbarError {
    const again = this.#options.hasInbox ? 'is dropped as duplicate while the inbox keeps it' : 'is handled again';
    return new BusbarError(
      'OFFSETS_LOST',
      `group ${this.#options.group} had committed an offset of ${topic}/${partition} and it is gone (it expired, or the topic was deleted and created again). ` +
        `Nothing was reset. Commit ${beginning} to read everything that is left (what was handled before ${again}), or ${end} to read only what comes`,
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
