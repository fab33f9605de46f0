import { describe, expect, it } from 'vitest';

import { dealOut } from '../../src/kafka/kafkajs/assigner.js';

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
