import type { Connection } from './connection.js';
import type { GroupCommit } from './group-commit.js';

const STEP = 1_000;

interface Key {
  readonly group_id: string;
  readonly source: string;
  readonly id: string;
}

const FIRST: Key = { group_id: '', source: '', id: '' };

const NEXT = `select group_id, source, id, settled_at from busbar_inbox where (group_id, source, id) > (?, ?, ?)
  order by group_id, source, id limit ${STEP}`;

// Judged again where it is deleted: since it was read the row may have been taken over, or have staged.
const DELETE = `delete from busbar_inbox where group_id = ? and source = ? and id = ? and settled_at < ?
  and not exists (select 1 from busbar_staged where cause_group = group_id and cause_source = source and cause_id = busbar_inbox.id)`;

/**
 * Deletes inbox rows settled before `before`, except those whose staged records are not yet sent. It walks the whole
 * inbox in key order, 1,000 rows at a time on the reading connection, and deletes in the group commit: settlements go
 * on in between, and no index on time has to be kept for it.
 */
export async function prune(reader: Connection, writer: Connection, commits: GroupCommit, before: number): Promise<number> {
  let deleted = 0;
  for (let last = FIRST; ;) {
    const rows = reader.all<Key & { settled_at: number }>(NEXT, [last.group_id, last.source, last.id]);
    const old = rows.filter((row) => row.settled_at < before);
    if (old.length > 0) {
      const writing = commits.run(() =>
        old.reduce((sum, { group_id, source, id }) => sum + writer.run(DELETE, [group_id, source, id, before]), 0),
      );
      deleted += await writing.written;
      await writing.committed;
    }
    if (rows.length < STEP) return deleted;
    last = rows[rows.length - 1] as Key;
    await new Promise(setImmediate);
  }
}
