export { sqliteStore, type SqliteHandle, type SqliteStatement, type SqliteStoreOptions } from '../store/sqlite/sqlite-store.js';
export type {
  InboxRow,
  MaybePromise,
  SettledOutcome,
  Settlement,
  Settling,
  SqlTransaction,
  SqlValue,
  StagedRecord,
  Store,
  StoreDurability,
  StoredRecord,
} from '../store/store.js';
