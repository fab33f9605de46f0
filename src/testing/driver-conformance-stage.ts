import { setTimeout as sleep } from 'node:timers/promises';

import type { BusbarError } from '../errors.js';
import type { Batch, Claim, ConsumeOptions, KafkaDriver, StartPosition, Subscription } from '../kafka/driver.js';
import type { InRecord, WireRecord } from '../kafka/record.js';
import type { DriverConformanceCase } from './driver-conformance.js';

/** Nothing takes so long unless it hangs. */
const HANG_MS = 30_000;

export interface Stage {
  /** Connected. */
  readonly driver: KafkaDriver;
  /** One more, connected, as another process would have it. */
  readonly another: () => Promise<KafkaDriver>;
  /** Exists, with two partitions. */
  readonly topic: string;
  readonly group: string;
  readonly unique: () => string;
  readonly sessionTimeoutMs: number;
}

/** A case on a stage of its own; every driver is closed when it is over. */
export function scene(name: string, play: (stage: Stage) => Promise<void>): DriverConformanceCase {
  return {
    name,
    run: async (context) => {
      const drivers: KafkaDriver[] = [];
      const another = async (): Promise<KafkaDriver> => {
        const driver = context.driver();
        drivers.push(driver);
        await driver.connect();
        return driver;
      };
      const driver = await another();
      const topic = context.unique();
      await driver.admin.ensureTopics([{ topic, partitions: 2, replicationFactor: 1, configs: {} }]);
      const { sessionTimeoutMs } = context;
      try {
        await play({ driver, another, topic, group: context.unique(), unique: () => context.unique(), sessionTimeoutMs });
      } finally {
        await Promise.all(drivers.map((each) => each.close(10_000)));
      }
    },
  };
}

export interface ReaderOptions {
  readonly start?: (position: StartPosition) => Promise<number>;
  /** Runs before the records of a batch count as read. */
  readonly handle?: (batch: Batch) => Promise<void>;
  readonly onRevoked?: (claims: readonly Claim[], lost: boolean) => Promise<void>;
  /** Whether the record is settled; the first that is not ends the settling of its partition. Default: all are. */
  readonly settle?: (record: InRecord) => boolean;
}

/** A member of a group that keeps what it has read. By default it begins where the group stands and drains when asked. */
export class Reader {
  readonly records: InRecord[] = [];
  readonly revoked: Claim[] = [];
  readonly stopped: Promise<BusbarError>;
  /** Calls of `onBatch` under way. */
  busy = 0;
  #subscription: Subscription | undefined;
  #onStopped: (error: BusbarError) => void = () => undefined;

  constructor(
    private readonly driver: KafkaDriver,
    private readonly topics: string | readonly string[],
    private readonly group: string,
    private readonly options: ReaderOptions = {},
  ) {
    this.stopped = new Promise((resolve) => (this.#onStopped = resolve));
  }

  get subscription(): Subscription {
    if (this.#subscription === undefined) throw new Error('the reader has not joined');
    return this.#subscription;
  }

  async join(): Promise<void> {
    const { start = begin, onRevoked } = this.options;
    const options: ConsumeOptions = {
      group: this.group,
      topics: [this.topics].flat(),
      start,
      onBatch: (batch) => this.#onBatch(batch),
      onRevoked: async (claims, lost) => {
        this.revoked.push(...claims);
        await (onRevoked === undefined ? this.idle() : onRevoked(claims, lost));
      },
      onStopped: (error) => this.#onStopped(error),
    };
    this.#subscription = await this.driver.consume(options);
  }

  /** Waits until so many records were read in all; returns them. */
  async read(count: number): Promise<InRecord[]> {
    await until(() => this.records.length >= count);
    return this.records;
  }

  /** Waits until no batch is being handled. */
  idle(): Promise<void> {
    return until(() => this.busy === 0);
  }

  async #onBatch(batch: Batch): Promise<void> {
    const { handle, settle = () => true } = this.options;
    this.busy++;
    try {
      await handle?.(batch);
      this.records.push(...batch.records);
      for (const record of batch.records) {
        if (!settle(record)) return;
        batch.claim.settled(record.offset + 1);
      }
    } finally {
      this.busy--;
    }
  }
}

function begin({ committed, beginning }: StartPosition): Promise<number> {
  return Promise.resolve(committed ?? beginning);
}

export function records(...values: string[]): WireRecord[] {
  return values.map((value) => ({ topic: '', key: Buffer.from('key'), value: Buffer.from(value), headers: {}, timestamp: Date.now() }));
}

export function text(record: InRecord): string {
  return String(record.value);
}

/** A deadline that is not meant to pass. */
export function soon(): number {
  return Date.now() + HANG_MS;
}

/** Waits for a condition; throws when it has not come about after a long time. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + HANG_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`this never came true: ${condition.toString()}`);
    await sleep(5);
  }
}

/** Something to wait for until it is opened. */
export function gate(): { readonly promise: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open: () => open() };
}
