import type { BlockedPartition } from '../../inbound/inbound.js';
import type { UnsettledRecord } from '../../inbound/unsettled-record.js';
import type { GroupMembership } from '../../kafka/driver.js';
import { causeOf } from './cause-of.js';
import { red, seconds, type Finding } from './check.js';
import { isSame, type StandingOffset } from './standing-offsets.js';

/** One that dies sooner than this after it has joined will do so again. */
const PROVEN_MS = 5_000;
/** A rebalance waits for the slowest member, which may let its handlers end, and for the session of one that was killed. */
const REBALANCE_MS = 30_000;

const DIED_FIX =
  'nothing when it happens once: a new one goes on where the group has committed. Else mend what the error names: the brokers, a permission';
const TOPIC_FIX = 'create it again, or start the service anew, which creates what is missing. Then choose where its group goes on';

/** What reads a consumer group for somebody. */
export interface Reading {
  readonly group: string;
  readonly membership: GroupMembership | undefined;
  readonly unsettled: readonly UnsettledRecord[];
  readonly blocked: readonly BlockedPartition[];
  readonly stalledAfterMs: number;
  /** What to do when nothing is settled. */
  readonly slowFix: string;
  /** What the broker says of the partitions held here. */
  readonly standing: readonly StandingOffset[];
}

/** What is wrong with the reading of a group; undefined when nothing is. */
export function readingTrouble({ group, membership, unsettled, blocked, stalledAfterMs, slowFix, standing }: Reading): Finding | undefined {
  return (
    outside(group, membership) ??
    barred(group, blocked) ??
    stalled(unsettled, stalledAfterMs, slowFix) ??
    behind(standing.filter(notJustBegun(unsettled, stalledAfterMs)), stalledAfterMs)
  );
}

function outside(group: string, membership: GroupMembership | undefined): Finding | undefined {
  if (membership === undefined) return undefined;
  const { joined, error } = membership;
  const ms = Date.now() - membership.since;
  if (error !== undefined && (!joined || ms < PROVEN_MS)) {
    const now = joined ? 'a new one has just joined' : `no other has joined for ${seconds(ms)}`;
    return red(`its consumer died and ${now}: ${causeOf(error)}`, error.code === 'TOPIC_MISSING' ? TOPIC_FIX : DIED_FIX);
  }
  if (joined || ms < REBALANCE_MS) return undefined;
  return red(
    `it has waited ${seconds(ms)} to join its group again`,
    `see which member holds the rebalance up: kafka-consumer-groups.sh --describe --members --group ${group}`,
  );
}

function barred(group: string, blocked: readonly BlockedPartition[]): Finding | undefined {
  const [first, ...others] = blocked;
  if (first === undefined) return undefined;
  const { topic, partition, offset, next, error } = first;
  const passOver = `kafka-consumer-groups.sh --reset-offsets --group ${group} --topic ${topic}:${partition} --to-offset ${next} --execute`;
  return red(
    `${topic}/${partition} waits at offset ${offset}, others go on: ${causeOf(error)}${andMore(others)}`,
    error.code === 'COMPRESSION_MISSING'
      ? 'do what the error says: nothing is lost, it goes on where it waits'
      : `it is tried again every minute. What nobody can read has to be passed over: stop every member of the group, then ${passOver}`,
  );
}

function stalled(unsettled: readonly UnsettledRecord[], stalledAfterMs: number, fix: string): Finding | undefined {
  const [first, ...others] = longest(unsettled, stalledAfterMs);
  if (first === undefined) return undefined;
  const { topic, partition, offset, since } = first;
  return red(`nothing of ${topic}/${partition} was settled for ${ageOf(since)}, it stands at offset ${offset}${andMore(others)}`, fix);
}

function behind(standing: readonly StandingOffset[], stalledAfterMs: number): Finding | undefined {
  const [first, ...others] = longest(standing, stalledAfterMs);
  if (first === undefined) return undefined;
  const { topic, partition, committed, lag, since } = first;
  return red(
    `${lag} records of ${topic}/${partition} are behind its committed offset ${committed}, which has not moved for ${ageOf(since)}${andMore(others)}`,
    'nothing waits here, so they are not read, or what was settled cannot be committed: the notices COMMIT_FAILED and CLIENT_LOG say more. When it stays so, restart the process',
  );
}

/**
 * Where the record at the committed offset is being handled, that is what is told when it takes too long: both count from moments that
 * are a little apart. Unless it has begun again and again.
 */
function notJustBegun(unsettled: readonly UnsettledRecord[], stalledAfterMs: number): (standing: StandingOffset) => boolean {
  const isHandled = (standing: StandingOffset): boolean =>
    unsettled.some((record) => isSame(record, standing) && record.offset <= standing.committed);
  return (standing) => standing.since <= Date.now() - 2 * stalledAfterMs || !isHandled(standing);
}

/** Those that have stood too long, the longest first. */
function longest<T extends { readonly since: number }>(all: readonly T[], stalledAfterMs: number): T[] {
  const latest = Date.now() - stalledAfterMs;
  return all.filter(({ since }) => since <= latest).toSorted((a, b) => a.since - b.since);
}

function ageOf(since: number): string {
  return seconds(Date.now() - since);
}

function andMore({ length }: readonly unknown[]): string {
  return length === 0 ? '' : `; ${length} more like it`;
}
