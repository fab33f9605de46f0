import type { Batch, Claim, KafkaDriver } from '../../src/kafka/driver.js';
import type { InRecord } from '../../src/kafka/record.js';

/**
 * A driver that hands out one record of a partition at a time and tells of each how long (ms) it took until it was settled.
 * `began` is told before the record is handed out.
 */
export function oneByOne(
  driver: KafkaDriver,
  began: (record: InRecord) => void,
  settled: (record: InRecord, ms: number) => void,
): KafkaDriver {
  const watched = new Map<Claim, WatchedClaim>();
  const watch = (claim: Claim): WatchedClaim => {
    let one = watched.get(claim);
    if (one === undefined) watched.set(claim, (one = new WatchedClaim(claim)));
    return one;
  };
  const consume: KafkaDriver['consume'] = async (options) => {
    const subscription = await driver.consume({
      ...options,
      onAssigned: (claims) => options.onAssigned?.(claims.map(watch)),
      onRevoked: (claims, lost) => options.onRevoked(claims.map(watch), lost),
      onBatch: async ({ claim, records, highWatermark }: Batch) => {
        const one = watch(claim);
        for (const record of records) {
          if (claim.signal.aborted) return;
          began(record);
          const since = performance.now();
          await options.onBatch({ claim: one, records: [record], highWatermark });
          await one.past(record.offset);
          settled(record, performance.now() - since);
        }
      },
    });
    return new Proxy(subscription, {
      get: (target, name) => {
        if (name === 'claims') return () => target.claims().map(watch);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  };
  return new Proxy(driver, {
    get: (target, name) => {
      if (name === 'consume') return consume;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** A claim that tells when its offset has moved. */
class WatchedClaim implements Claim {
  readonly topic: string;
  readonly partition: number;
  readonly signal: AbortSignal;
  readonly #claim: Claim;
  #next = 0;
  #moved: () => void = () => undefined;

  constructor(claim: Claim) {
    this.#claim = claim;
    ({ topic: this.topic, partition: this.partition, signal: this.signal } = claim);
    this.signal.addEventListener('abort', () => this.#moved());
  }

  owned(): boolean {
    return this.#claim.owned();
  }

  settled(next: number): void {
    this.#claim.settled(next);
    this.#next = next;
    this.#moved();
  }

  /** Resolves when this offset is settled, or the partition is taken away. */
  async past(offset: number): Promise<void> {
    while (this.#next <= offset && !this.signal.aborted) await new Promise<void>((resolve) => (this.#moved = resolve));
  }
}
