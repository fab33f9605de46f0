import { describe, expect, test } from 'vitest';

import { anchors, faults, refreshed, region } from '../../scripts/docs.mjs';

const example = [
  'import one;',
  '',
  'function main() {',
  '  // #region body',
  '  first();',
  '',
  '    second();',
  '  // #endregion',
  '}',
  '',
].join('\n');
const sources = { read: () => example, run: (name) => `output of ${name}\n` };
const page = (source, language, body) => `# Title\n\n<!-- ${source} -->\n\n\`\`\`${language}\n${body}\n\`\`\`\n\nEnd.\n`;
const anything = () => true;

describe('a region', () => {
  test('is what stands between its markers, without common indentation', () => {
    expect(region(example, 'body')).toBe('first();\n\n  second();');
  });

  test('without a name is the whole file without markers', () => {
    expect(region(example, undefined)).toBe('import one;\n\nfunction main() {\n  first();\n\n    second();\n}');
  });

  test('that is missing or never ends is an error', () => {
    expect(() => region(example, 'other')).toThrow('#region other');
    expect(() => region('// #region body\nfirst();', 'body')).toThrow('no "// #endregion"');
  });
});

describe('a page', () => {
  test('gets the code of its source', () => {
    expect(refreshed(page('from: examples/01.ts#body', 'ts', 'old();'), sources)).toBe(
      page('from: examples/01.ts#body', 'ts', 'first();\n\n  second();'),
    );
  });

  test('gets what the example prints', () => {
    expect(refreshed(page('output of: examples/01', 'text', ''), sources)).toBe(
      page('output of: examples/01', 'text', 'output of examples/01'),
    );
  });

  test('stays as it is when its blocks are right', () => {
    const right = page('from: examples/01.ts#body', 'ts', 'first();\n\n  second();');
    expect(refreshed(right, sources)).toBe(right);
    expect(faults(right, anything)).toEqual([]);
  });

  test('keeps text with dollar signs as it is', () => {
    const dollars = { ...sources, read: () => "const price = `$& ${1} $'`;\n" };
    expect(refreshed(page('from: a.ts', 'ts', ''), dollars)).toContain("const price = `$& ${1} $'`;");
  });

  test('with TypeScript that has no source is at fault', () => {
    expect(faults('Look:\n\n```ts\nfirst();\n```\n', anything)).toEqual(['TypeScript without a source line, after: Look:']);
  });

  test('with a source line and no block is at fault', () => {
    expect(faults('<!-- from: examples/01.ts -->\n\nText.\n', anything)).toEqual(['a source line is not followed by a fenced block']);
  });

  test('with a link that leads nowhere is at fault; other sites and code are not looked at', () => {
    const links = 'See [here](docs/guide.md), [there](https://example.org/x) and [top](#title).\n\n```text\n[no](link.md)\n```\n';
    expect(faults(links, (target) => target === '#title')).toEqual(['the link to docs/guide.md leads nowhere']);
  });

  test('has the anchors of its headings', () => {
    expect(anchors('# The house: a map\n\n## `npm run check`\n')).toEqual(['the-house-a-map', 'npm-run-check']);
  });
});
