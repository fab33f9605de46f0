import { expect } from 'vitest';

import type { Summary } from '../../processors/reference/summary.js';
import { countByHand, pepLines } from './peps.js';

/** Deliveries that took effect, by processor: each once, however often its record was read. */
export const HANDLED = { debate: 1633, decision: 1422, evolution: 764, metrics: 3246 };

/** That a run over the proposals came to what counting by hand comes to, and that its outcomes add up. */
export function expectExactFigures({ debates, decisions, evolutions, eventsByName, derived, outcomes }: Summary): void {
  expect({ debates, decisions, evolutions, eventsByName, derived }).toEqual(countByHand(pepLines()));
  for (const { delivered, ...ends } of Object.values(outcomes)) {
    expect(Object.values(ends).reduce((sum, count) => sum + count, 0)).toBe(delivered);
  }
}

/** What took effect in all of these runs together. */
export function handled(...summaries: Summary[]): Record<string, number> {
  const sum = (name: string): number => summaries.reduce((total, { outcomes }) => total + (outcomes[name]?.handled ?? 0), 0);
  return Object.fromEntries(Object.keys(HANDLED).map((name) => [name, sum(name)]));
}
