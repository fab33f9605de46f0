import type { SqlValue, StagedRecord, StoredRecord } from '../store.js';
import type { Connection } from './connection.js';
import { readHeaders, writeHeaders } from './headers.js';

/** Key of the inbox row that staged a record. */
export interface Cause {
  readonly group: string;
  readonly source: string;
  readonly id: string;
}

interface Row {
  readonly sequence: number;
  readonly id: string;
  readonly topic: string;
  readonly key: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  readonly headers: string;
  readonly timestamp: number;
}

const COLUMNS = 'id, topic, key, value, headers, timestamp';
const INSERT = `insert into busbar_staged (cause_group, cause_source, cause_id, ${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?) returning sequence`;
const OF_CAUSE = `select sequence, ${COLUMNS} from busbar_staged where cause_group = ? and cause_source = ? and cause_id = ? order by sequence`;

/** Records in wire form that wait to be sent. */
export class StagedRecords {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  insert({ group, source, id }: Cause, record: StagedRecord): StoredRecord {
    const { topic, key, value, headers, timestamp } = record;
    const values = [group, source, id, record.id, topic, toColumn(key), toColumn(value), writeHeaders(headers), timestamp];
    const { sequence } = this.#connection.first<{ sequence: number }>(INSERT, values) as { sequence: number };
    return { id: record.id, topic, key, value, headers, timestamp, sequence };
  }

  of({ group, source, id }: Cause): StoredRecord[] {
    return this.#connection.all<Row>(OF_CAUSE, [group, source, id]).map((row) => ({
      ...row,
      key: fromColumn(row.key),
      value: fromColumn(row.value),
      headers: readHeaders(row.headers),
    }));
  }

  delete(sequences: readonly number[]): void {
    for (const sequence of sequences) this.#connection.run('delete from busbar_staged where sequence = ?', [sequence]);
  }
}

/** Libraries have bound an empty blob as NULL, which would turn an empty value into a tombstone: empty bytes lie there as empty text. */
function toColumn(bytes: Buffer | null): SqlValue {
  return bytes?.length === 0 ? '' : bytes;
}

function fromColumn(column: Uint8Array | string | null): Buffer | null {
  return column === null ? null : Buffer.from(column as Uint8Array);
}
