import kafkajs, { type Cluster } from 'kafkajs';
import { describe, expect, it } from 'vitest';

import { assign, dealOut } from '../../src/kafka/kafkajs/consuming/assigner.js';

const member = (memberId: string, ...topics: string[]) => ({ memberId, topics: new Set(topics) });

describe('the partitions of a group', () => {
  it('are dealt out in turn, also from one topic to the next', () => {
    const dealt = dealOut(
      [member('b', 'orders', 'bills'), member('a', 'orders', 'bills')],
      new Map([
        ['orders', [0, 1, 2]],
        ['bills', [0]],
      ]),
    );
    expect(Object.fromEntries(dealt)).toEqual({ a: { bills: [0], orders: [1] }, b: { orders: [0, 2] } });
  });

  it('go only to members that read the topic, and every one goes to somebody', () => {
    const dealt = dealOut(
      [member('old', 'orders'), member('new', 'orders', 'bills')],
      new Map([
        ['orders', [0, 1]],
        ['bills', [0, 1]],
      ]),
    );
    expect(dealt.get('old')).toEqual({ orders: [1] });
    expect(dealt.get('new')).toEqual({ bills: [0, 1], orders: [0] });
  });

  it('of a topic that nobody reads go to nobody', () => {
    const dealt = dealOut([member('a', 'orders')], new Map([['bills', [0]]]));
    expect(dealt.get('a')).toEqual({});
  });
});

describe('a topic that only other members read', () => {
  const { MemberMetadata } = kafkajs.AssignerProtocol;
  const members = [{ memberId: 'a', memberMetadata: MemberMetadata.encode({ version: 0, topics: ['bills'], userData: Buffer.alloc(0) }) }];
  const failing = (type: string) =>
    ({
      findTopicPartitionMetadata: () => [],
      addTargetTopic: () => Promise.reject(Object.assign(new Error(type), { type })),
    }) as unknown as Cluster;

  it('is given to nobody when it is not there', async () => {
    expect(await assign(members, failing('UNKNOWN_TOPIC_OR_PARTITION'), 0)).toHaveLength(1);
  });

  it('fails the assignment when it cannot be told whether it is there: it is made again', async () => {
    await expect(assign(members, failing('LEADER_NOT_AVAILABLE'), 0)).rejects.toThrow('LEADER_NOT_AVAILABLE');
  });
});
