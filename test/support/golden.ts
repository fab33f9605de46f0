import { readFileSync, writeFileSync } from 'node:fs';

import { expect } from 'vitest';

/** Compares a text with `test/fixtures/NAME` to the letter; `UPDATE_GOLDEN=1` writes it. */
export function expectGolden(name: string, text: string): void {
  // From the compiled file back to the sources.
  const file = new URL(`../../../test/fixtures/${name}`, import.meta.url);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
  else expect(text).toBe(readFileSync(file, 'utf8'));
}
