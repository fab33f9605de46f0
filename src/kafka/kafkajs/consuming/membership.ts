import type { Consumer } from 'kafkajs';

import { BusbarError } from '../../../errors.js';
import { settlesWithin } from '../backoff.js';
import { PartitionClaim, partitionKey } from './claim.js';
import { Commits } from './commits.js';
import { protocolType, toBusbarError } from '../failure.js';
import { Fetching } from './fetching.js';
import { GroupCommit, type OffsetToCommit } from './group-commit.js';
import type { MembershipContext } from './membership-context.js';
import { Reading } from './reading.js';
import { gatedAssigner, type GateKeeper } from './rejoin-gate.js';

/**
 * kafkajs hands the partitions of an answer to workers, and holds one for a moment when a handler is slow: there are twice as many as
 * partitions, so that one is always idle, also when the topics have grown. No more, since every answer wakes all of them: 256
 * cost a third of a consumer's processor time when events come one by one.
 */
const LEAST_WORKERS = 8;
const MOST_WORKERS = 256;

/** The last commit gets so long even when draining has used up its time. */
const LAST_COMMIT_MS = 1_000;

/**
 * One kafkajs consumer, from its first join until it leaves or dies. kafkajs fetches and keeps the membership alive; it
 * never commits, never waits for a handler and never sees an error.
 */
export class Membership implements GateKeeper {
  readonly #context: MembershipContext;
  readonly #consumer: Consumer;
  readonly #fetching: Fetching;
  readonly #groupCommit: GroupCommit;
  readonly #commits: Commits;
  readonly #reading: Reading;
  readonly #claims = new Map<string, PartitionClaim>();
  readonly #watchdog: NodeJS.Timeout;
  #running: Promise<void> = Promise.resolve();
  #revoking: Promise<void> | undefined;
  #lastContact = Date.now();
  /** What kafkajs hands to its batch handler sends a heartbeat at any time. */
  #heartbeat: () => Promise<void> = () => Promise.resolve();
  #ended = false;
  #hasJoined = false;
  #joined: () => void = () => undefined;
  #failed: (error: BusbarError) => void = () => undefined;

  constructor(context: MembershipContext) {
    this.#context = context;
    const { settings, options, notices } = context;
    this.#consumer = newConsumer(context, this);
    this.#fetching = new Fetching(this.#consumer);
    this.#groupCommit = new GroupCommit(this.#consumer, () => this.#running);
    const commit = async (offsets: readonly OffsetToCommit[]): Promise<void> => {
      await this.#groupCommit.send(offsets);
      for (const { topic, partition } of offsets) context.begun.add(partitionKey(topic, partition));
    };
    this.#commits = new Commits(options.group, settings, commit, notices);
    this.#reading = new Reading(context, this.#fetching, commit);
    this.#listen();
    this.#watchdog = setInterval(() => this.#watch(), Math.max(100, settings.sessionTimeoutMs / 10));
  }

  /** Resolves at the first assignment. */
  async join(): Promise<void> {
    const joined = new Promise<void>((resolve, reject) => {
      this.#joined = resolve;
      this.#failed = reject;
    });
    // It may fail while the connecting below is still awaited.
    joined.catch(() => undefined);
    const { settings, options } = this.#context;
    try {
      await this.#consumer.connect();
      // From the beginning: when kafkajs resets itself, the next batch shows it at once.
      await this.#consumer.subscribe({ topics: [...options.topics], fromBeginning: true });
      const workers = this.#countWorkers();
      // It may be ended meanwhile: to run would connect again.
      await Promise.race([workers, joined]);
      this.#running = this.#run(await workers);
      await Promise.all([joined, this.#running]);
    } catch (error) {
      const why = protocolType(error) === 'UNKNOWN_TOPIC_OR_PARTITION' ? `: a topic is missing of ${options.topics.join(', ')}` : '';
      throw toBusbarError(this.#refusal() ?? error, `cannot join ${options.group}${why}`, settings);
    }
  }

  /** What kafkajs finds out itself, such as that there is no such topic, it tells better. */
  async #countWorkers(): Promise<number> {
    const partitions = await this.#context.admin.countPartitions(this.#context.options.topics).catch(() => MOST_WORKERS);
    return Math.min(Math.max(2 * partitions, LEAST_WORKERS), MOST_WORKERS);
  }

  /** kafkajs only says that it has found no coordinator, and looks for one again and again, when the group is not for this user. */
  #refusal(): Error | undefined {
    const said = this.#context.lastSaid();
    if (said === undefined || !/group authorization failed/i.test(said)) return undefined;
    return Object.assign(new Error(said), { type: 'GROUP_AUTHORIZATION_FAILED', retriable: false });
  }

  claims(): PartitionClaim[] {
    return [...this.#claims.values()];
  }

  async flush(): Promise<void> {
    try {
      await this.#commits.flush();
    } catch (error) {
      throw toBusbarError(error, 'cannot commit offsets', this.#context.settings);
    }
  }

  /** Gives the partitions back and leaves the group. `lost`: they are gone already. */
  async end(lost: boolean): Promise<void> {
    this.#ended = true;
    clearInterval(this.#watchdog);
    this.#failed(new BusbarError('ILLEGAL_TRANSITION', 'the subscription was closed before it had joined'));
    await this.#revoke(lost);
    const { settings } = this.#context;
    // A join under way is answered late, and kafkajs would go on reading after it: leave when it has been.
    const leaving = this.#running.catch(() => undefined).then(() => this.#consumer.disconnect());
    await settlesWithin(leaving, settings.fetchMaxWaitMs + settings.requestTimeoutMs);
  }

  mayJoin(): 'join' | 'wait' | 'refuse' {
    if (this.#ended) return 'refuse';
    this.#context.rejoins();
    // Joins also begin without a REBALANCING event: after stale metadata, or when the group has forgotten us.
    if (this.#claims.size > 0) void this.#revoke(false);
    if (this.#revoking === undefined) return 'join';
    void this.#keepAlive();
    return 'wait';
  }

  /** While a join is held up kafkajs sends no heartbeat, and the session would end before the handlers do. */
  async #keepAlive(): Promise<void> {
    try {
      await this.#heartbeat();
    } catch (error) {
      // The expected answer: the group is waiting for us, and has heard us.
      if (protocolType(error) === 'REBALANCE_IN_PROGRESS') this.#lastContact = Date.now();
    }
  }

  #run(workers: number): Promise<void> {
    return this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: workers,
      eachBatch: async (payload) => {
        const { batch } = payload;
        this.#groupCommit.use((offsets) => payload.commitOffsetsIfNecessary(offsets));
        this.#heartbeat = () => payload.heartbeat();
        const claim = this.#claims.get(partitionKey(batch.topic, batch.partition));
        if (claim === undefined) this.#fetching.pause(batch.topic, [batch.partition]);
        else await this.#reading.take(claim, batch, (offset) => payload.resolveOffset(offset));
      },
    });
  }

  #listen(): void {
    const { events } = this.#consumer;
    const alive = (): void => void (this.#lastContact = Date.now());
    this.#consumer.on(events.HEARTBEAT, alive);
    this.#consumer.on(events.COMMIT_OFFSETS, alive);
    this.#consumer.on(events.REBALANCING, () => {
      this.#context.rejoins();
      void this.#revoke(false);
    });
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => {
      alive();
      this.#assign(payload.memberAssignment);
    });
    this.#consumer.on(events.START_BATCH_PROCESS, ({ payload }) => {
      // Only control records or aborted transactions: kafkajs passes over them without telling the handler.
      const claim = payload.batchSize === 0 ? this.#claims.get(partitionKey(payload.topic, payload.partition)) : undefined;
      if (claim === undefined) return;
      claim.passed = Number(payload.lastOffset) + 1;
      // From its own first offset: where kafkajs has reset itself, what lies before that is not known to be nothing.
      if (claim.expected !== undefined && claim.passed > claim.expected)
        claim.passOver(Number(payload.firstOffset ?? payload.lastOffset), claim.passed);
    });
    this.#consumer.on(events.CRASH, ({ payload }) => {
      const { options, settings } = this.#context;
      this.#crash(toBusbarError(payload.error, `the consumer of ${options.group} crashed`, settings));
    });
  }

  #crash(error: BusbarError): void {
    if (this.#ended) return;
    if (this.#hasJoined) this.#context.crashed(error);
    else this.#failed(error);
  }

  /** kafkajs does not notice by itself that it is cut off while a request hangs. */
  #watch(): void {
    const silent = Date.now() - this.#lastContact;
    if (this.#claims.size === 0 || silent <= this.#context.settings.sessionTimeoutMs) return;
    this.#crash(new BusbarError('BROKER_UNREACHABLE', `no heartbeat was answered for ${silent} ms`, { retriable: true }));
  }

  #assign(assignment: Readonly<Record<string, number[]>>): void {
    if (this.#ended) return;
    const { settings, options } = this.#context;
    for (const [topic, partitions] of Object.entries(assignment)) {
      // Before anything can be fetched: kafkajs would begin wherever it thinks is right.
      this.#fetching.pause(topic, partitions);
      for (const partition of partitions) {
        const claim = new PartitionClaim(topic, partition, {
          settled: (settled) => this.#commits.settled(settled),
          alive: () => Date.now() - this.#lastContact < settings.sessionTimeoutMs,
          handle: (batch) => this.#reading.handle(batch),
        });
        this.#claims.set(claim.key, claim);
      }
    }
    const claims = this.claims();
    options.onAssigned?.(claims);
    for (const claim of claims) void this.#reading.start(claim);
    this.#hasJoined = true;
    this.#context.joined();
    this.#joined();
  }

  /** Begins once per assignment; resolves when everything was given back. */
  #revoke(lost: boolean): Promise<void> {
    if (this.#revoking === undefined && this.#claims.size > 0) {
      this.#revoking = this.#giveBack(lost).finally(() => (this.#revoking = undefined));
    }
    return this.#revoking ?? Promise.resolve();
  }

  async #giveBack(lost: boolean): Promise<void> {
    const { options, settings, notices, remembered } = this.#context;
    const claims = this.claims();
    const until = Date.now() + settings.drainMs;
    for (const claim of claims) {
      if (lost) claim.release();
      else claim.abort();
      this.#fetching.pause(claim.topic, [claim.partition]);
    }
    const details = { group: options.group };
    const revoked = async (): Promise<void> => options.onRevoked(claims, lost);
    const drained = revoked().catch((error: unknown) => {
      notices.raise({ level: 'error', code: 'KAFKA_FAILED', message: 'onRevoked rejected', error, details });
    });
    await settlesWithin(drained, settings.drainMs);
    if (!lost) {
      const flushed = this.#commits.flush().catch((error: unknown) => {
        const message = 'settled offsets could not be committed before the partitions were given back';
        notices.raise({ level: 'warn', code: 'COMMIT_FAILED', message, error, details });
      });
      await settlesWithin(flushed, Math.max(LAST_COMMIT_MS, until - Date.now()));
    }
    for (const claim of claims) {
      claim.release();
      if (claim.next !== undefined) remembered.set(claim.key, claim.next);
    }
    this.#commits.stop();
    this.#claims.clear();
  }
}

function newConsumer({ client, settings, options }: MembershipContext, keeper: GateKeeper): Consumer {
  return client.consumer({
    groupId: options.group,
    sessionTimeout: settings.sessionTimeoutMs,
    rebalanceTimeout: settings.rebalanceTimeoutMs,
    heartbeatInterval: Math.max(50, Math.floor(settings.sessionTimeoutMs / 10)),
    maxWaitTimeInMs: settings.fetchMaxWaitMs,
    minBytes: settings.fetchMinBytes,
    maxBytesPerPartition: settings.maxBytesPerPartition,
    metadataMaxAge: settings.metadataMaxAgeMs,
    allowAutoTopicCreation: false,
    partitionAssigners: [gatedAssigner(keeper)],
    retry: {
      // kafkajs counts on over good times, and would end a healthy consumer some day. What must end is ended by the gate.
      retries: Number.MAX_SAFE_INTEGER,
      initialRetryTime: 50,
      maxRetryTime: 500,
      factor: 0.2,
      multiplier: 2,
      restartOnFailure: () => Promise.resolve(false),
    },
  });
}
