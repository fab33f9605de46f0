import { BusbarError } from '../errors.js';
import type { InRecord } from '../kafka/record.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { InboxRow, Store, StoredRecord } from '../store/store.js';
import { Latest } from './latest.js';
import type { Handled } from './line-options.js';
import { Abandoned, BeginAgain, type Scope } from './scope.js';
import { keyOf, nameOf, stagedBy, type Conclusion, type Hear, type Identity, type SendStaged, type Settler } from './settler.js';

export interface InboxSettlerOptions {
  readonly group: string;
  readonly store: Store;
  readonly send: SendStaged;
  readonly hear: Hear;
}

/**
 * What a line of records has written, or found written, and not yet seen durable. When the store loses a group meanwhile, whatever comes behind must
 * not be written before that is repeated: the effects of a key would be out of order.
 */
interface Written {
  pending: number;
  /** How many groups of the store were lost when there was nothing pending. */
  lostGroups: number;
}

/**
 * Settles with a store, in five steps; the process may end between any two of them, and the next owner of the record
 * goes on where they stopped:
 *
 * (a) the inbox row is there: send what is left of what it staged, and settle as `duplicate`
 * (b) the handler has run; it only registered works and staged events
 * (c) in one transaction: the inbox row, the works, the staged records; COMMIT
 * (d) send the staged records in order, then delete them
 * (e) count the outcome, let the offset move
 *
 * Nothing leaves the process before COMMIT, and a record is never both handled and dead-lettered, since one row stands
 * for either.
 */
export class InboxSettler implements Settler {
  readonly #options: InboxSettlerOptions;
  readonly #written = new WeakMap<Scope, Written>();
  /** The sending of the latest copy of an event, by its name. */
  readonly #sending = new Latest();

  constructor(options: InboxSettlerOptions) {
    this.#options = options;
  }

  isSettled({ source, id }: Identity, record: InRecord): MaybePromise<boolean> {
    try {
      const row = this.#options.store.find(this.#options.group, source, id);
      if (!isPromise(row)) return standsFor(row, record);
      return row.then((found) => standsFor(found, record), beginAgain);
    } catch (error) {
      return beginAgain(error);
    }
  }

  repeat(identity: Identity, record: InRecord, scope: Scope): Handled {
    // Asked now: the row may be of a transaction that is still open, and only now is it certain which one that is.
    const durable = this.#options.store.committed();
    this.#awaits(durable, this.#writtenIn(scope));
    return this.#repeat(identity, record, scope, durable);
  }

  #repeat(identity: Identity, record: InRecord, scope: Scope, durable: Promise<void>): Handled {
    durable.catch(() => undefined); // heard when its turn comes
    const safe = this.#inTurn(identity, record, scope, async () => {
      await durable.catch(beginAgain);
      await this.#send(await this.#left(identity), scope);
    });
    return { outcome: 'duplicate', safe };
  }

  async settle(conclusion: Conclusion, scope: Scope): Promise<Handled> {
    const { identity, record, outcome } = conclusion;
    if (scope.over.aborted) throw new Abandoned();
    const { topic, partition, offset } = record;
    const { source, id } = identity;
    const row: InboxRow = { group: this.#options.group, source, id, outcome, topic, partition, offset };
    const { store } = this.#options;
    const before = this.#writtenIn(scope);
    const { written, committed } = store.settle({
      row,
      work: (tx) => {
        if (scope.over.aborted) throw new Abandoned();
        if (store.lostGroups !== before.lostGroups)
          throw new BeginAgain(new BusbarError('STORE_FAILED', 'what was written before it may be lost'));
        return stagedBy(conclusion, tx);
      },
    });
    this.#awaits(committed, before);
    const answer = await written.catch((error: unknown) => {
      throw isStoreFailure(error) ? new BeginAgain(error) : error;
    });
    if (answer.result === 'duplicate') return this.#repeat(identity, record, scope, committed);
    if (answer.staged.length === 0) return { outcome, safe: committed.catch(beginAgain) };

    const safe = this.#inTurn(identity, record, scope, async (isFirst) => {
      await committed.catch(beginAgain);
      await this.#send(isFirst ? answer.staged : await this.#left(identity), scope);
      for (const staged of conclusion.call?.staged ?? []) this.#options.hear(staged);
    });
    return { outcome, safe };
  }

  /** What a line has written, or has found written, is pending until it is durable. */
  #awaits(durable: Promise<void>, written: Written): void {
    written.pending++;
    // A failure is heard elsewhere, and stays pending: at worst the line begins again once without need.
    durable.then(
      () => written.pending--,
      () => undefined,
    );
  }

  #writtenIn(scope: Scope): Written {
    const { lostGroups } = this.#options.store;
    let written = this.#written.get(scope);
    if (written === undefined) this.#written.set(scope, (written = { pending: 0, lostGroups }));
    else if (written.pending === 0) written.lostGroups = lostGroups;
    return written;
  }

  /**
   * Sends behind what is sent for the records before it on its key, and behind an earlier copy of the same event,
   * whatever its key and partition: what one copy has sent, the other does not send again.
   */
  #inTurn(identity: Identity, record: InRecord, scope: Scope, send: (isFirst: boolean) => Promise<void>): Promise<void> {
    const name = nameOf(identity);
    const before = this.#sending.get(name);
    const mine = scope.chain.run(keyOf(record), async () => {
      await before?.catch(() => undefined);
      await send(before === undefined);
    });
    this.#sending.set(name, mine);
    return mine;
  }

  async #left({ source, id }: Identity): Promise<readonly StoredRecord[]> {
    try {
      return await this.#options.store.staged(this.#options.group, source, id);
    } catch (error) {
      return beginAgain(error);
    }
  }

  async #send(records: readonly StoredRecord[], scope: Scope): Promise<void> {
    if (records.length === 0) return;
    for (const record of records) await this.#options.send(record, scope);
    await this.#options.store.sent(records.map(({ sequence }) => sequence)).catch(beginAgain);
  }
}

/** A record that was handled stands for all its copies; a dead letter or a skipped one only for itself. */
function standsFor(row: InboxRow | undefined, { topic, partition, offset }: InRecord): boolean {
  if (row === undefined) return false;
  if (row.outcome === 'handled') return true;
  return row.topic === topic && row.partition === partition && row.offset === offset;
}

function isStoreFailure(error: unknown): boolean {
  return error instanceof BusbarError && (error.code === 'STORE_FAILED' || error.code === 'STORE_CLOSED');
}

function beginAgain(error: unknown): never {
  throw new BeginAgain(error);
}
