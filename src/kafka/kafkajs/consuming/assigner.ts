import kafkajs, { type Assignment, type Cluster, type GroupMember, type GroupMemberAssignment } from 'kafkajs';

import { protocolType } from '../failure.js';

const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;

/** What a member reads. */
export interface Subscriber {
  readonly memberId: string;
  readonly topics: ReadonlySet<string>;
}

/**
 * Deals the partitions of each topic out in turn among the members that read the topic, and goes on with the next topic
 * where it stopped, so that all get as many. kafkajs's own round-robin deals out what its leader reads to everybody:
 * while instances of different age share a group, some partitions would be read by nobody.
 */
export function dealOut(members: readonly Subscriber[], partitions: ReadonlyMap<string, readonly number[]>): Map<string, Assignment> {
  const dealt = new Map(members.map(({ memberId }) => [memberId, Object.create(null) as Assignment]));
  const order = members.toSorted((one, other) => (one.memberId < other.memberId ? -1 : 1));
  let turn = 0;
  for (const [topic, indexes] of [...partitions].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const readers = order.filter(({ topics }) => topics.has(topic));
    if (readers.length === 0) continue;
    for (const index of indexes) {
      const { memberId } = readers[turn++ % readers.length] as Subscriber;
      const assignment = dealt.get(memberId) as Assignment;
      (assignment[topic] ??= []).push(index);
    }
  }
  return dealt;
}

/** The assignment of a group, made by its leader; `cluster` is kafkajs's view of the brokers. */
export async function assign(members: readonly GroupMember[], cluster: Cluster, version: number): Promise<GroupMemberAssignment[]> {
  const subscribers = members.map(({ memberId, memberMetadata }) => ({
    memberId,
    topics: new Set(MemberMetadata.decode(memberMetadata)?.topics),
  }));
  const partitions = new Map<string, readonly number[]>();
  for (const topic of new Set(subscribers.flatMap(({ topics }) => [...topics]))) partitions.set(topic, await partitionsOf(topic, cluster));
  return [...dealOut(subscribers, partitions)].map(([memberId, assignment]) => ({
    memberId,
    memberAssignment: MemberAssignment.encode({ version, assignment, userData: Buffer.alloc(0) }),
  }));
}

async function partitionsOf(topic: string, cluster: Cluster): Promise<number[]> {
  const known = (): number[] => cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
  if (known().length > 0) return known();
  // One that only others read.
  try {
    await cluster.addTargetTopic(topic);
  } catch (error) {
    // The members that want it are told so when they join. What else goes wrong must not leave its partitions to nobody.
    if (protocolType(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
  }
  return known();
}
