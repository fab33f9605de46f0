import type { Connection } from './connection.js';

export type PositionState = 'starting' | 'started';

/** Which partitions a group knows, so that a lost commit can be told from a new partition. */
export class Positions {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  of(group: string, topic: string): Map<number, PositionState> {
    const rows = this.#connection.all<{ partition: number; state: PositionState }>(
      'select partition, state from busbar_partitions where group_id = ? and topic = ? order by partition',
      [group, topic],
    );
    return new Map(rows.map(({ partition, state }) => [partition, state]));
  }

  declare(group: string, topic: string, partitions: readonly number[]): void {
    if (this.of(group, topic).size > 0) return;
    for (const partition of partitions) {
      this.#connection.run(
        "insert into busbar_partitions (group_id, topic, partition, state) values (?, ?, ?, 'starting') on conflict do nothing",
        [group, topic, partition],
      );
    }
  }

  started(group: string, topic: string, partition: number): void {
    this.#connection.run("insert or replace into busbar_partitions (group_id, topic, partition, state) values (?, ?, ?, 'started')", [
      group,
      topic,
      partition,
    ]);
  }
}
