import type { EventBus } from '../../src/bus/event-bus.js';
import type { PublishError } from '../../src/bus/publish-error.js';
import type { Receipt } from '../../src/bus/receipt.js';
import { until } from './application.js';
import { ClockTicked, MeterRead } from './meters.js';

/** Events that may be under way: enough for full batches, and not so many that one fault delays all the rest. */
const UNDER_WAY = 2_000;

/** One call of `publish`, and how it ended. */
export interface Call {
  readonly number: number;
  readonly at: number;
  readonly key: string | null;
  receipt?: Receipt;
  error?: PublishError;
  endedAt?: number;
}

/** Publishes event after event, without ever waiting for one alone; every `each` events `between` is awaited. */
export class Publishing {
  readonly calls: Call[] = [];
  readonly #underWay = new Set<Promise<void>>();

  constructor(
    private readonly bus: EventBus,
    /** Null for an event without a key. */
    private readonly keyOf: (number: number) => string | null,
  ) {}

  get rejected(): readonly Call[] {
    return this.calls.filter(({ error }) => error !== undefined);
  }

  async publish(count: number, each: number, between: () => Promise<void>): Promise<void> {
    for (let published = 0; published < count; published++) {
      this.#publishOne(this.calls.length);
      if (published % each === each - 1) await between();
      if (this.#underWay.size >= UNDER_WAY) await until(() => this.#underWay.size < UNDER_WAY / 2);
    }
  }

  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #publishOne(number: number): void {
    const key = this.keyOf(number);
    const call: Call = { number, at: Date.now(), key };
    this.calls.push(call);
    const event = key === null ? new ClockTicked({ number }) : new MeterRead({ meter: key, number });
    const ended = this.bus.publish<ClockTicked | MeterRead>(event).then(
      (receipt) => void Object.assign(call, { receipt, endedAt: Date.now() }),
      (error: PublishError) => void Object.assign(call, { error, endedAt: Date.now() }),
    );
    const followed = ended.finally(() => void this.#underWay.delete(followed));
    this.#underWay.add(followed);
  }
}
