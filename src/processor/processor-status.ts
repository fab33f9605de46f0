import type { BlockedPartition, TopicPartition } from '../inbound/inbound.js';
import type { OutcomeCounts } from '../inbound/outcomes.js';
import type { UnsettledRecord } from '../inbound/unsettled-record.js';
import type { GroupMembership } from '../kafka/driver.js';

/** `pausing`: begins nothing new, and something that had begun has not ended. `paused`: reads nothing until it is resumed. */
export type ProcessorState = 'stopped' | 'starting' | 'running' | 'pausing' | 'paused' | 'stopping' | 'failed';

/** What can be said of a processor from outside. */
export interface ProcessorStatus {
  readonly name: string;
  readonly group: string;
  readonly state: ProcessorState;
  readonly partitions: readonly TopicPartition[];
  readonly outcomes: OutcomeCounts;
  /** Why it is `failed`. */
  readonly error: unknown;
  /** Handlers that did not end in time and still run. */
  readonly stuck: readonly TopicPartition[];
  /** Topics that its staged events cannot be sent to now. */
  readonly unsent: readonly string[];
  /** Of every partition that has one, the first record that was read and is not settled. */
  readonly unsettled: readonly UnsettledRecord[];
  /** Partitions that do not get past a batch which cannot be read. */
  readonly blocked: readonly BlockedPartition[];
  /** How it stands with its group; undefined while it does not read. */
  readonly membership: GroupMembership | undefined;
}
