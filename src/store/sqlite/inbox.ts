import type { InboxRow, SettledOutcome } from '../store.js';
import type { Connection } from './connection.js';

interface Row {
  readonly outcome: SettledOutcome;
  readonly topic: string;
  readonly partition: number;
  readonly record_offset: number;
}

const FIND = 'select outcome, topic, partition, record_offset from busbar_inbox where group_id = ? and source = ? and id = ?';

const INSERT = `insert into busbar_inbox (outcome, topic, partition, record_offset, settled_at, group_id, source, id)
  values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`;

// A dead letter or a skipped record stands for itself only: a replay or another copy takes its row over.
const TAKE_OVER = `update busbar_inbox set outcome = ?, topic = ?, partition = ?, record_offset = ?, settled_at = ?
  where group_id = ? and source = ? and id = ? and outcome <> 'handled'
  and not (topic = ? and partition = ? and record_offset = ?)`;

/** The rows that make effects happen once. */
export class Inbox {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  find(group: string, source: string, id: string): InboxRow | undefined {
    const row = this.#connection.first<Row>(FIND, [group, source, id]);
    if (row === undefined) return undefined;
    const { outcome, topic, partition, record_offset: offset } = row;
    return { group, source, id, outcome, topic, partition, offset };
  }

  insert(row: InboxRow): 'inserted' | 'tookOver' | 'taken' {
    const { group, source, id, outcome, topic, partition, offset } = row;
    const values = [outcome, topic, partition, offset, Date.now(), group, source, id];
    if (this.#connection.run(INSERT, values) > 0) return 'inserted';
    return this.#connection.run(TAKE_OVER, [...values, topic, partition, offset]) > 0 ? 'tookOver' : 'taken';
  }
}
