import type { Series } from './result.js';

type AllSeries = ReadonlyMap<string, Series>;

/** What a scenario is meant to reach. */
export interface Target {
  readonly what: string;
  /** `least`: that much or more. */
  readonly bound: 'least' | 'most';
  readonly wanted: number;
  /** What was reached, round by round. */
  readonly reached: (series: AllSeries) => readonly number[];
}

/** Events per second. */
export function rate(name: string, wanted: number): Target {
  return { what: `${name}, events/s`, bound: 'least', wanted, reached: (series) => series.get(name)!.rates('ms') };
}

/** How many times the events per second of another one. */
export function ratio(name: string, other: string, wanted: number): Target {
  return { what: `${name} x ${other}`, bound: 'least', wanted, reached: (series) => series.get(name)!.ratiosTo(series.get(other)!, 'ms') };
}

/** Of what the scenario measures under the name `figure`. */
export function atMost(name: string, figure: string, wanted: number): Target {
  return { what: `${name}, ${figure}`, bound: 'most', wanted, reached: (series) => series.get(name)!.figures(figure) };
}

/** How many times that of another one. */
export function atMostTimes(name: string, other: string, figure: string, wanted: number): Target {
  const reached = (series: AllSeries): number[] => {
    const others = series.get(other)!.figures(figure);
    return series
      .get(name)!
      .figures(figure)
      .map((one, round) => one / others[round]!);
  };
  return { what: `${name} x ${other}, ${figure}`, bound: 'most', wanted, reached };
}
