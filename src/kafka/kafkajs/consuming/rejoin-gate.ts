import kafkajs, { type PartitionAssigner } from 'kafkajs';

import { assign } from './assigner.js';

/** What kafkajs takes for "the group is rebalancing": it backs off and asks again. */
class NotYet extends Error {
  readonly type = 'REBALANCE_IN_PROGRESS';
}

class NeverAgain extends Error {
  readonly retriable = false;
}

/** What the gate asks before every JoinGroup request. */
export interface GateKeeper {
  /**
   * `join`: nothing is held any more. `wait`: partitions are still being given back; asked again after a moment.
   * `refuse`: this member is to end.
   */
  mayJoin(): 'join' | 'wait' | 'refuse';
}

/**
 * kafkajs tells nobody before it joins its group again, and gives all partitions away by joining. But it asks the
 * assigner for its protocol right before every JoinGroup request, and when that fails as a rebalance would it repeats
 * after its back-off. So the assigner is the gate that holds a rejoin up until the partitions were given back in order.
 * It goes by the name of kafkajs's round-robin and speaks its protocol, so that other kafkajs members may share the group.
 */
export function gatedAssigner(keeper: GateKeeper): PartitionAssigner {
  return (config) => {
    const assigner = kafkajs.PartitionAssigners.roundRobin(config);
    return {
      name: assigner.name,
      version: assigner.version,
      assign: ({ members }) => assign(members, config.cluster, assigner.version),
      protocol: (subscription) => {
        const answer = keeper.mayJoin();
        if (answer === 'wait') throw new NotYet('partitions are being given back');
        if (answer === 'refuse') throw new NeverAgain('the subscription has ended');
        return assigner.protocol(subscription);
      },
    };
  };
}
