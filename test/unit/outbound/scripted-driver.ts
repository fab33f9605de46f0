import type { BusbarError } from '../../../src/errors.js';
import type { KafkaDriver } from '../../../src/kafka/driver.js';
import type { WireRecord } from '../../../src/kafka/record.js';

/** One call of `produce`. */
export interface Call {
  readonly topic: string;
  readonly partition: number;
  /** The values as text. */
  readonly values: readonly string[];
  readonly deadline: number;
}

/** The producing side of a driver: writes to a log in memory, unless the script of a test says otherwise. */
export class ScriptedDriver {
  readonly calls: Call[] = [];
  readonly log = new Map<string, string[]>();
  /** Runs before the batch is written; what it throws rejects the call. */
  before: (call: Call) => Promise<void> | void = () => undefined;
  /** Runs after the batch is written; what it throws rejects the call all the same. */
  after: (call: Call) => Promise<void> | void = () => undefined;
  count: (topic: string) => Promise<number> = async () => 3;
  /** What every call meets first and overcomes by itself. */
  retries: BusbarError | undefined;

  /** As the port has it; everything but producing is out of reach. */
  get port(): KafkaDriver {
    const produce: KafkaDriver['produce'] = (topic, partition, records, deadline, onRetry) => {
      if (this.retries !== undefined) onRetry?.(this.retries);
      return this.#produce(topic, partition, records, deadline);
    };
    const partitions: KafkaDriver['partitions'] = (topic) => this.count(topic);
    return { produce, partitions } as KafkaDriver;
  }

  /** The values on the log of a partition. */
  on(topic: string, partition: number): readonly string[] {
    return this.log.get(`${topic}/${partition}`) ?? [];
  }

  async #produce(topic: string, partition: number, records: readonly WireRecord[], deadline: number): Promise<number> {
    const call = { topic, partition, values: records.map(({ value }) => String(value)), deadline };
    this.calls.push(call);
    await this.before(call);
    const log = this.log.get(`${topic}/${partition}`) ?? [];
    this.log.set(`${topic}/${partition}`, log);
    const offset = log.length;
    log.push(...call.values);
    await this.after(call);
    return offset;
  }
}

/** A promise to be ended by the test. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
