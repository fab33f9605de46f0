import type { BatchContext } from './fetched-record.js';

/** A transaction as an answer to Fetch names it. */
export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

/** Of a control record that ends a transaction: what is behind the version in its key. */
const TYPE_AT = 2;
const ABORT = 0;

/**
 * Says of the batches of one partition, one after the other, whether they are of a transaction that was aborted. kafkajs looks at one
 * transaction per record, and takes them to be sorted by their beginnings; brokers sort them by their ends. So it would let records through.
 */
export class AbortedTransactions {
  readonly #coming: { readonly producerId: string; readonly firstOffset: number }[];
  readonly #open = new Set<string>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#coming = aborted
      .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: Number(firstOffset) }))
      .toSorted((a, b) => a.firstOffset - b.firstOffset);
  }

  include({ producerId, inTransaction, isControl }: BatchContext, lastOffset: number): boolean {
    while (this.#coming.length > 0 && this.#coming[0]!.firstOffset <= lastOffset) this.#open.add(this.#coming.shift()!.producerId);
    return inTransaction && !isControl && this.#open.has(producerId);
  }

  /** `key`: that of the record in a control batch. */
  ended({ producerId }: BatchContext, key: Buffer | null | undefined): void {
    if (key && key.length >= TYPE_AT + 2 && key.readInt16BE(TYPE_AT) === ABORT) this.#open.delete(producerId);
  }
}
