import type { BusbarError } from '../../errors.js';
import type { PartitionLag } from '../../inbound/lag.js';
import type { OutcomeCounts } from '../../inbound/outcomes.js';

export type ConsumerState = 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';

/** What `client.consume` has begun. It is stopped with the service. */
export interface MessageConsumer {
  /** As it was given. On the broker: `<group or service>.<group>`. */
  readonly group: string;
  /** Without the prefix. */
  readonly topics: readonly string[];
  /** `failed`: it reads nothing any more, and `error` says why; what was not settled waits for the next `consume`. */
  readonly state: ConsumerState;
  /** Why it has failed: `HANDLER_FAILED` (the policy `fail()`), `OFFSETS_LOST`, … */
  readonly error: BusbarError | undefined;
  /** Deliveries of this process; `delivered` is at any moment the sum of the others. */
  readonly counts: OutcomeCounts;
  /** How far its group's committed offsets are behind, for every partition; asks the broker. */
  lag(): Promise<readonly PartitionLag[]>;
  /** Begins nothing new; handlers have 9 s to end, the rest is abandoned and comes again; commits, leaves the group. Health no longer asks for it. */
  stop(): Promise<void>;
}
