import { BusbarError, type ErrorCode } from '../../errors.js';
import type { Notices } from '../../telemetry/notices.js';
import type { ConsumeOptions, KafkaAdmin, KafkaDriver, Subscription } from '../driver.js';
import { ProduceError } from '../produce-error.js';
import type { WireRecord } from '../record.js';
import { SimulatedAdmin } from './admin.js';
import { batchBytes } from './batch-bytes.js';
import type { SimulatedClock } from './clock.js';
import type { Conditions } from './conditions.js';
import type { SimulatedGroups } from './groups.js';
import { SimulatedMember } from './member.js';
import type { PartitionLog } from './partition-log.js';
import { maxBatchBytes, type SimulatedTopics } from './topics.js';

export interface DriverParts {
  readonly clock: SimulatedClock;
  readonly conditions: Conditions;
  readonly topics: SimulatedTopics;
  readonly groups: SimulatedGroups;
  readonly notices: Notices;
  readonly logEndsWithProcess: boolean;
  readonly commitIntervalMs: number;
  readonly drainMs: number;
  readonly sessionTimeoutMs: number;
  append(log: PartitionLog, records: readonly WireRecord[]): number;
}

/** One process on a simulated Kafka. */
export class SimulatedDriver implements KafkaDriver {
  readonly admin: KafkaAdmin;
  readonly logEndsWithProcess: boolean;
  readonly #parts: DriverParts;
  readonly #members = new Set<SimulatedMember>();
  #state: 'open' | 'closed' | 'crashed' = 'open';
  #closing: Promise<void> | undefined;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.logEndsWithProcess = parts.logEndsWithProcess;
    this.admin = new SimulatedAdmin(parts.conditions, parts.topics, parts.groups);
  }

  connect(): Promise<void> {
    return this.#parts.conditions.travel();
  }

  async partitions(topic: string): Promise<number> {
    return this.#parts.topics.get(topic).partitions.length;
  }

  async produce(topic: string, partition: number, records: readonly WireRecord[], deadline: number): Promise<number> {
    const { conditions, topics, clock, append } = this.#parts;
    if (this.#state === 'closed') throw notSent('ILLEGAL_TRANSITION', 'the driver is closed');
    if (deadline <= clock.now()) throw notSent('DELIVERY_TIMEOUT', `the deadline of a batch for ${topic}[${partition}] has passed`);
    const found = topics.find(topic);
    const log = found?.partitions[partition];
    if (found === undefined || log === undefined) throw notSent('TOPIC_MISSING', `${topic}[${partition}] does not exist`);
    const bytes = batchBytes(records);
    if (bytes > maxBatchBytes(found)) throw notSent('TOO_LARGE', `${topic} takes no batch of ${bytes} bytes`);
    this.#refuseWhenCrashed('not-sent');
    await conditions.travel();
    this.#refuseWhenCrashed('not-sent');
    const offset = append(log, records);
    await conditions.travel();
    this.#refuseWhenCrashed('unknown');
    return offset;
  }

  async consume(options: ConsumeOptions): Promise<Subscription> {
    if (this.#state !== 'open') throw new BusbarError('ILLEGAL_TRANSITION', `the driver is ${this.#state}`);
    const { topics, groups, ...parts } = this.#parts;
    for (const topic of options.topics) topics.get(topic);
    const member = new SimulatedMember({ ...parts, options, group: groups.get(options.group) });
    this.#members.add(member);
    await member.join();
    return member;
  }

  close(deadlineMs: number): Promise<void> {
    return (this.#closing ??= this.#close(deadlineMs));
  }

  /**
   * The process is gone, at once: nothing is drained, committed or told. Its partitions go to others after the session
   * timeout. Whatever of it still runs in here fails.
   */
  crash(): void {
    if (this.#state === 'closed') return;
    this.#state = 'crashed';
    for (const member of this.#members) member.crash();
  }

  async #close(deadlineMs: number): Promise<void> {
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => (cancel = this.#parts.clock.after(deadlineMs, resolve)));
    // Draining may still have something to send.
    await Promise.race([Promise.all(Array.from(this.#members, (member) => member.close())), late]);
    cancel();
    if (this.#state === 'open') this.#state = 'closed';
  }

  #refuseWhenCrashed(certainty: 'not-sent' | 'unknown'): void {
    if (this.#state === 'crashed') throw new ProduceError('BROKER_UNREACHABLE', 'the process has crashed', { certainty });
  }
}

function notSent(code: ErrorCode, message: string): ProduceError {
  return new ProduceError(code, message, { certainty: 'not-sent' });
}
