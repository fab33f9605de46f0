import type { Measurement } from './contender.js';

export interface Result {
  readonly scenario: string;
  /** By the name of the contender. */
  readonly series: ReadonlyMap<string, Series>;
}

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** What is compared: events per second of the clock, or per second of the contender's own processor time. */
export type Yardstick = 'ms' | 'cpuMs';

/** The rounds of one contender. */
export class Series {
  readonly #rounds: Measurement[] = [];

  add(measurement: Measurement): void {
    this.#rounds.push(measurement);
  }

  /** Events per second. */
  rates(by: Yardstick): number[] {
    return this.#rounds.map((round) => (round.events / round[by]) * 1_000);
  }

  /** What the scenario measures under this name. */
  figures(name: string): number[] {
    return this.#rounds.map(({ figures }) => figures?.[name] ?? Number.NaN);
  }

  /** Round by round, how many times the rate of the other one: what disturbs a round disturbs both. */
  ratiosTo(other: Series, by: Yardstick): number[] {
    const others = other.rates(by);
    return this.rates(by).map((rate, round) => rate / others[round]!);
  }
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, lowest: sorted[0]!, highest: sorted.at(-1)! };
}
