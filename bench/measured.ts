import type { BenchData } from './data.js';
import { tablesOf } from './report.js';

const BETWEEN = /(<!-- measured -->\n)[^]*(\n<!-- end of measured -->)/;

/** The page with what was measured between its two marks. Throws when it does not have them. */
export function withMeasured(page: string, data: BenchData): string {
  if (!BETWEEN.test(page)) throw new Error('the page has no "<!-- measured -->" and "<!-- end of measured -->"');
  return page.replace(BETWEEN, (_all, before: string, after: string) => `${before}\n${measured(data)}\n${after}`);
}

function measured({ date, node, kafkajs, cpu, cores, rounds, events, seconds, brokers }: BenchData): string {
  const day = new Date(date).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
  const perRound = `${rounds} rounds of ${events.toLocaleString('en-US')} events, ${seconds} s of memory, ${Math.round(seconds / 3)} s of latency`;
  const where = `${day}, ${cores} cores (${cpu}), Node ${node.slice(1)}, kafkajs ${kafkajs}; ${perRound}.`;
  const sections = brokers.map(({ broker, results }) => [`### Beside: ${broker}`, ...results.map(tablesOf)].join('\n\n'));
  return [`${where} Median, and the lowest and highest round in brackets.`, ...sections].join('\n\n');
}
