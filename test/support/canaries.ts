import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect } from 'vitest';

const CHILD = fileURLToPath(new URL('./canary-child.js', import.meta.url));

/** What a process prints that looks at everything of a service for each of these configuration files. */
export async function lookedAt(files: readonly string[], tokenFile = ''): Promise<{ stdout: string; stderr: string }> {
  const env = { ...process.env, CANARY_TOKEN_FILE: tokenFile };
  const printed = await promisify(execFile)(process.execPath, [CHILD, ...files], { env, maxBuffer: 256 * 1024 * 1024 });
  expect(printed.stdout).toContain('all was looked at');
  return printed;
}

/** In whatever form somebody may have printed them. */
export function expectNowhere(secrets: readonly string[], everything: string): void {
  for (const secret of secrets)
    for (const form of formsOf(secret)) {
      const at = everything.indexOf(form);
      if (at !== -1) expect.fail(`${form.slice(0, 12)}… was found behind this: ${everything.slice(Math.max(0, at - 200), at)}`);
    }
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // In base64 a text looks different at each of three places; its first and last letters depend on what is around it.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  const hex = bytes.toString('hex');
  return [secret, ...base64, hex, hex.replaceAll(/(..)(?!$)/g, '$1 '), [...bytes].join(', '), bytes.join(','), encodeURIComponent(secret)];
}
