import type { BusbarError } from '../../../errors.js';
import type { InHeaders, InRecord } from '../../record.js';

/** What a record has in common with those of its batch. kafkajs asks for it, to leave out aborted transactions. */
export interface BatchContext {
  /** In decimal digits. */
  readonly producerId: string;
  readonly inTransaction: boolean;
  /** It holds the ends of transactions, and no messages. */
  readonly isControl: boolean;
}

/** A record as our decoder reads it: as the port wants it, and with what kafkajs looks at to sort out what nobody is to see. */
export class FetchedRecord implements InRecord {
  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly offset: number,
    readonly timestamp: number,
    readonly key: Buffer | null,
    readonly value: Buffer | null,
    readonly headers: InHeaders,
    readonly attributes: number,
    readonly batchContext: BatchContext,
  ) {}

  get isControlRecord(): boolean {
    return this.batchContext.isControl;
  }
}

/** In the place of a batch that cannot be read: what is behind it is not read either. */
export class UnreadableBatch extends FetchedRecord {
  constructor(
    topic: string,
    partition: number,
    readonly error: BusbarError,
    /** Offset of the next record that may be readable. */
    readonly next: number,
  ) {
    // Of the last offset that can be: kafkajs leaves out what is before the one that it asked for.
    super(topic, partition, Number.MAX_SAFE_INTEGER, 0, null, null, {}, 0, OF_NOBODY);
  }
}

const OF_NOBODY: BatchContext = { producerId: '-1', inTransaction: false, isControl: false };
