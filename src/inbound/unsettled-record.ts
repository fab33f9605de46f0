import type { TopicPartition } from './inbound.js';

/** The first record of a partition that was read and is not settled. */
export interface UnsettledRecord extends TopicPartition {
  readonly offset: number;
  /** Since when nothing was settled though this record waits, in ms since 1970. */
  readonly since: number;
}
