import { ConfigError } from '../../src/config/finding.js';
import { BusbarError } from '../../src/errors.js';

/** What `work` throws; fails when it does not. */
export function thrownBy(work: () => unknown): BusbarError {
  try {
    work();
  } catch (error) {
    if (error instanceof BusbarError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The findings of the configuration that `work` makes, by name, each as `value | allowed | fix`. */
export function findingsOf(work: () => unknown): Map<string, string> {
  const error = thrownBy(work);
  if (!(error instanceof ConfigError)) throw error;
  return new Map(error.findings.map(({ name, value, allowed, fix }) => [name, `${value} | ${allowed} | ${fix}`]));
}
