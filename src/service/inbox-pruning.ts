import type { TopicDescription } from '../kafka/driver.js';
import type { Store } from '../store/store.js';
import type { Notices } from '../telemetry/notices.js';

const EVERY_MS = 60 * 60 * 1000;

/**
 * How long the inbox must remember what was settled, in ms: a record may come again while the log has it, and a copy of
 * it as long again. Undefined, for ever, when a topic keeps its records for ever.
 */
export function inboxRetention(read: readonly TopicDescription[]): number | undefined {
  if (read.length === 0 || read.some(({ retentionMs }) => retentionMs < 0)) return undefined;
  return 2 * Math.max(...read.map(({ retentionMs }) => retentionMs));
}

/** Deletes inbox rows older than `retentionMs`, now and every hour. Returns what ends it and waits for the last round. */
export function pruneInbox(store: Store, retentionMs: number, notices: Notices): () => Promise<void> {
  let round: Promise<void> = Promise.resolve();
  const prune = async (): Promise<void> => {
    try {
      const deleted = await store.prune(Date.now() - retentionMs);
      if (deleted > 0)
        notices.raise({ level: 'info', code: 'PRUNED', message: `${deleted} rows of the inbox were old enough to be deleted` });
    } catch (error) {
      notices.raise({ level: 'warn', code: 'STORE_FAILED', message: 'the inbox could not be pruned; it is tried again in an hour', error });
    }
  };
  const next = (): void => {
    round = round.then(prune);
  };
  next();
  const timer = setInterval(next, EVERY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    return round;
  };
}
