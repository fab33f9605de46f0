/** Records that were read and are not settled. */
export interface Waiting {
  readonly records: number;
  /** Timestamp of the first of them that has one, in ms since 1970; undefined when there is none. Kafka writes -1 for no time. */
  readonly oldest: number | undefined;
}

export const NOTHING_WAITS: Waiting = { records: 0, oldest: undefined };
