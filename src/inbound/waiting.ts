/** Records that were read and are not settled. */
export interface Waiting {
  readonly records: number;
  /** Timestamp of the first of them, in ms since 1970; undefined when there is none. */
  readonly oldest: number | undefined;
}
