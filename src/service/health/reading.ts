import type { Unsettled } from '../../inbound/partition-line.js';
import type { GroupMembership } from '../../kafka/driver.js';
import { causeOf } from './cause-of.js';
import { red, seconds, type Finding } from './check.js';

/** One that dies sooner than this after it has joined will do so again. */
const PROVEN_MS = 5_000;
/** A rebalance waits for the slowest member, which may let its handlers end, and for the session of one that was killed. */
const REBALANCE_MS = 30_000;

/** What reads a consumer group for somebody. */
export interface Reading {
  readonly group: string;
  readonly membership: GroupMembership | undefined;
  readonly unsettled: readonly Unsettled[];
  readonly stalledAfterMs: number;
}

/** What is wrong with the reading of a group; undefined when nothing is. */
export function readingTrouble({ group, membership, unsettled, stalledAfterMs }: Reading): Finding | undefined {
  return outside(group, membership) ?? stalled(unsettled, stalledAfterMs);
}

function outside(group: string, membership: GroupMembership | undefined): Finding | undefined {
  if (membership === undefined) return undefined;
  const { joined, error } = membership;
  const ms = Date.now() - membership.since;
  if (error !== undefined && (!joined || ms < PROVEN_MS)) {
    const now = joined ? 'a new one has just joined' : `no other has joined for ${seconds(ms)}`;
    return red(
      `its consumer died and ${now}: ${causeOf(error)}`,
      'nothing when it happens once: a new one goes on where the group has committed. Else mend what the error names: the brokers, a permission, a compression that cannot be read',
    );
  }
  if (joined || ms < REBALANCE_MS) return undefined;
  return red(
    `it has waited ${seconds(ms)} to join its group again`,
    `see which member holds the rebalance up: kafka-consumer-groups.sh --describe --members --group ${group}`,
  );
}

function stalled(unsettled: readonly Unsettled[], stalledAfterMs: number): Finding | undefined {
  const now = Date.now();
  const standing = unsettled.filter(({ since }) => now - since >= stalledAfterMs);
  const [first] = standing.toSorted((a, b) => a.since - b.since);
  if (first === undefined) return undefined;
  const { topic, partition, offset, since } = first;
  const others = standing.length === 1 ? '' : `; ${standing.length - 1} more like it`;
  return red(
    `nothing of ${topic}/${partition} was settled for ${seconds(now - since)}, it stands at offset ${offset}${others}`,
    'see what the handler waits for, and bound that wait. One that is meant to take so long needs a larger stalledAfterMs in @ProcessorOptions',
  );
}
