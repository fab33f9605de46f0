import { type Result, type Spread, spreadOf, type Yardstick } from './result.js';
import { SCENARIOS } from './scenarios.js';

/** The same, by the clock and by the processor time of the contender. */
export interface Both {
  readonly clock: Spread;
  readonly cpu: Spread;
}

type ByContender<T> = Readonly<Record<string, T>>;

export interface TargetData {
  readonly what: string;
  readonly bound: 'least' | 'most';
  readonly wanted: number;
  readonly reached: Spread;
  /** Whether the median is on the right side. */
  readonly isMet: boolean;
}

/** The result of one scenario as plain data: spreads over the rounds. */
export interface ScenarioData {
  readonly scenario: string;
  /** Events per second. */
  readonly rates: ByContender<Both>;
  /** How many times the rate: first whose, then beside whom. */
  readonly ratios: ByContender<ByContender<Both>>;
  /** What the scenario measures instead of rates. */
  readonly figures: ByContender<Readonly<Record<string, Spread>>>;
  readonly targets: readonly TargetData[];
}

/** The results beside one broker. */
export interface BrokerData {
  readonly broker: string;
  readonly results: readonly ScenarioData[];
}

/** What `--json` prints. */
export interface BenchData {
  readonly date: string;
  readonly node: string;
  readonly kafkajs: string;
  readonly cpu: string;
  readonly cores: number;
  readonly rounds: number;
  readonly events: number;
  readonly seconds: number;
  readonly brokers: readonly BrokerData[];
}

export function dataOf({ scenario, series }: Result): ScenarioData {
  const { busbar, against, figures = {}, targets } = SCENARIOS[scenario]!;
  const rate = (name: string) => both((by) => spreadOf(series.get(name)!.rates(by)));
  const ratio = (name: string, other: string) => both((by) => spreadOf(series.get(name)!.ratiosTo(series.get(other)!, by)));
  const compare = (name: string) => Object.fromEntries(Object.keys(against).map((other) => [other, ratio(name, other)]));
  const measured = (name: string) =>
    Object.fromEntries(Object.keys(figures).map((figure) => [figure, spreadOf(series.get(name)!.figures(figure))]));
  const names = [...series.keys()];
  return {
    scenario,
    rates: Object.fromEntries(names.map((name) => [name, rate(name)])),
    ratios: Object.fromEntries(Object.keys(busbar).map((name) => [name, compare(name)])),
    figures: Object.fromEntries(names.map((name) => [name, measured(name)])),
    targets: targets.map(({ what, bound, wanted, reached: reachedIn }) => {
      const reached = spreadOf(reachedIn(series));
      return { what, bound, wanted, reached, isMet: bound === 'least' ? reached.median >= wanted : reached.median <= wanted };
    }),
  };
}

function both(spread: (by: Yardstick) => Spread): Both {
  return { clock: spread('ms'), cpu: spread('cpuMs') };
}
