/** How much waits and how much goes together. */
export interface OutboundLimits {
  /** Bytes that may be in the queue, in flight included. */
  readonly bufferBytes: number;
  /** Records that may be in the queue, in flight included. */
  readonly bufferRecords: number;
  /** Records of one batch. */
  readonly batchRecords: number;
  /** Bytes of one batch; a larger single record goes alone. Keep it below the broker's `message.max.bytes`. */
  readonly batchBytes: number;
  /** Bytes of one event's record; a larger one is refused with `TOO_LARGE` before it is queued. */
  readonly maxRecordBytes: number;
  /** How long (ms) a record may wait for company behind a batch that has just been written. An idle partition sends at once. */
  readonly lingerMs: number;
}

/** Batches of 500 records and no more than Kafka's default `message.max.bytes` (1,048,588) with room to spare. */
export const OUTBOUND_LIMITS: OutboundLimits = {
  bufferBytes: 33_554_432,
  bufferRecords: 100_000,
  batchRecords: 500,
  batchBytes: 1_000_000,
  maxRecordBytes: 1_000_000,
  lingerMs: 0,
};
