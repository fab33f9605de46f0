import { readFileSync, writeFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { ERROR_CODES } from 'busbar';

import { deadLetterOf } from '../../src/dead-letter/dead-letter.js';

// From the compiled test back to the sources.
const PAGE = new URL('../../../docs/operations.md', import.meta.url);

const between = (name: string): RegExp => new RegExp(`(<!-- ${name}: [^>]*-->\n)([^]*)(<!-- /${name} -->)`);

it('the page of operations lists every error code with its meaning (UPDATE_DOCS=1 writes it)', () => {
  const page = readFileSync(PAGE, 'utf8');
  const rows = Object.entries(ERROR_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  const wanted = `\n${['| code | when |', '|---|---|', ...rows].join('\n')}\n\n`;
  if (process.env['UPDATE_DOCS'] === '1') {
    writeFileSync(
      PAGE,
      page.replace(between('errors'), (_, open: string, __, close: string) => open + wanted + close),
    );
  } else expect(between('errors').exec(page)?.[2]).toBe(wanted);
});

it('the page of operations lists every occurrence that there is a notice of', () => {
  const source = readFileSync(new URL('../../../src/telemetry/notices.ts', import.meta.url), 'utf8');
  const codes = [...(/type NoticeCode =([^;]*);/.exec(source)?.[1] ?? '').matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code);
  const table = between('notices').exec(readFileSync(PAGE, 'utf8'))?.[2] ?? '';
  expect(codes).not.toEqual([]);
  expect(codes.filter((code) => !table.includes(`\n| \`${code}\` |`))).toEqual([]);
});

it('the page of operations names exactly the headers of a dead letter', () => {
  const record = { topic: 't', partition: 0, offset: 7, timestamp: 1, key: null, value: null, headers: {} };
  const failure = { error: new Error('no'), stage: 'handle', attempts: 3, firstFailedAt: new Date(), lastFailedAt: new Date() } as const;
  const letter = deadLetterOf(record, failure, { group: 'g', processor: 'p' }, 't.dead-letter');
  const table = between('headers').exec(readFileSync(PAGE, 'utf8'))?.[2] ?? '';
  expect([...table.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name)).toEqual(Object.keys(letter.headers));
});

it('the page of operations says of each bad input what its test has seen', () => {
  const table = between('bad input').exec(readFileSync(PAGE, 'utf8'))?.[2] ?? '';
  const rows = [...table.matchAll(/^\| (.+) \| (.*) \| (.+) \| (.+) \| `(test\/[^`]+)` \|$/gm)];
  expect(rows.length).toBeGreaterThan(30);
  for (const [, what, code, told = '', , file] of rows) {
    const test = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
    const words = /`([^`]+)`/.exec(told)?.[1];
    expect(words, `what is told of ${what}`).toBeDefined();
    expect(test, `${file} shows what is told of ${what}`).toContain(words);
    const name = /`(.+)`/.exec(code ?? '')?.[1];
    if (name !== undefined) expect(Object.keys(ERROR_CODES), `the code of ${what}`).toContain(name);
  }
});
