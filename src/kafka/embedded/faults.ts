import type { Operation } from './broker-messages.js';

/** A request of the Kafka protocol by its name. The specification has more than these; any of its names is taken. */
export type ApiName =
  | 'Produce'
  | 'Fetch'
  | 'ListOffsets'
  | 'Metadata'
  | 'OffsetCommit'
  | 'OffsetFetch'
  | 'FindCoordinator'
  | 'JoinGroup'
  | 'Heartbeat'
  | 'LeaveGroup'
  | 'SyncGroup'
  | 'ApiVersions'
  | 'CreateTopics'
  | 'DeleteTopics'
  | 'InitProducerID'
  | 'AddPartitionsToTxn'
  | 'AddOffsetsToTxn'
  | 'EndTxn'
  | 'TxnOffsetCommit'
  | 'SASLHandshake'
  | 'SASLAuthenticate'
  | (string & {});

/** Which requests a fault hits, and how many. */
export interface FaultTarget {
  readonly apis: readonly ApiName[];
  /** Only at these nodes. Default: at every node. */
  readonly nodes?: readonly number[] | undefined;
  /** How many requests; -1 is all until `remove`. Default: 1. */
  readonly count?: number | undefined;
}

export interface FailTarget extends FaultTarget {
  /** Kafka's name of the error to answer, e.g. `NOT_LEADER_FOR_PARTITION`. */
  readonly error: string;
  /** Only what concerns this topic. Requests that carry no topic are then not hit. */
  readonly topic?: string | undefined;
  /** Only these partitions; the others of the same request are served. */
  readonly partitions?: readonly number[] | undefined;
  /** Only what concerns this consumer group. */
  readonly group?: string | undefined;
}

export interface DelayTarget extends FaultTarget {
  readonly ms: number;
}

/** A fault that was injected. */
export interface Fault {
  /** How many requests it has hit so far. */
  hits(): Promise<number>;
  /** Ends it; the result is how many requests it had hit. */
  remove(): Promise<number>;
}

/**
 * What can be broken and moved in a running broker, for tests. Every method rejects `EMBEDDED_FAILED` when it is given
 * something that does not exist (an API, an error, a topic, a node) and `EMBEDDED_CRASHED` when the broker is gone.
 */
export abstract class FaultInjection {
  protected abstract run<T>(operation: Operation): Promise<T>;
  /** Where the node listens; `EMBEDDED_FAILED` when there is no such node. */
  protected abstract addressOf(node: number): string;
  protected abstract nodeAdded(node: number, port: number): void;
  protected abstract nodeRemoved(node: number): void;

  /** The broker answers with an error instead of doing the work. */
  async fail({ apis, count = 1, ...rest }: FailTarget): Promise<Fault> {
    return this.#fault(await this.run({ op: 'fail', keys: apis, count, ...rest }));
  }

  /** The broker does the work and then cuts the connection instead of answering. */
  async loseAnswers({ apis, nodes = [], count = 1 }: FaultTarget): Promise<Fault> {
    return this.#fault(await this.run({ op: 'loseAnswers', keys: apis, count, addresses: nodes.map((node) => this.addressOf(node)) }));
  }

  /**
   * The request waits `ms`, and what follows on its connection waits behind it, before the broker looks at it; it does so
   * even when the client has given up meanwhile.
   */
  async delay({ apis, nodes = [], count = 1, ms }: DelayTarget): Promise<Fault> {
    return this.#fault(await this.run({ op: 'delay', keys: apis, count, ms, addresses: nodes.map((node) => this.addressOf(node)) }));
  }

  /** The node that leads the partition, -1 when there is no such partition. */
  leader(topic: string, partition: number): Promise<number> {
    return this.run({ op: 'leader', topic, partition });
  }

  /** Clients learn of it by NOT_LEADER_FOR_PARTITION, as after an election. */
  moveLeader(topic: string, partition: number, node: number): Promise<void> {
    return this.run({ op: 'moveLeader', topic, partition, node });
  }

  /** The node that coordinates the group. */
  coordinator(group: string): Promise<number> {
    return this.run({ op: 'coordinator', group });
  }

  /** Chooses all coordinators anew; that of a given group may come out the same. */
  moveCoordinators(): Promise<void> {
    return this.run({ op: 'moveCoordinators' });
  }

  /** Adds a node and returns its id. All leaders are chosen anew. */
  async addNode(port = 0): Promise<number> {
    const added = await this.run<{ node: number; port: number }>({ op: 'addNode', port });
    this.nodeAdded(added.node, added.port);
    return added.node;
  }

  /** Removes a node, not the last one. All leaders are chosen anew. Connections to it that are open stay so. */
  async removeNode(node: number): Promise<void> {
    await this.run({ op: 'removeNode', node });
    this.nodeRemoved(node);
  }

  /** Applies retention and compaction now; by itself the broker does so every five minutes. */
  sweep(): Promise<void> {
    return this.run({ op: 'sweep' });
  }

  #fault(id: number): Fault {
    return { hits: () => this.run({ op: 'hits', fault: id }), remove: () => this.run({ op: 'remove', fault: id }) };
  }
}
