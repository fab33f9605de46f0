import { readFileSync } from 'node:fs';

import { parseDocument } from 'yaml';

import { BusbarError } from '../errors.js';
import { objectLayer, type Layer } from './layer.js';

/** The settings in a YAML file. Throws `CONFIG_FILE` when it cannot be read, is not YAML or does not hold settings. */
export function fileLayer(path: string): Layer {
  const content = parse(read(path), path);
  if (content === null || content === undefined) return objectLayer({}, `in ${path}`);
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new BusbarError('CONFIG_FILE', `${path} has to hold settings, one a line, e.g. serviceName: debates`);
  }
  return objectLayer(content as Record<string, unknown>, `in ${path}`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new BusbarError('CONFIG_FILE', `${path} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`, { cause });
  }
}

function parse(text: string, path: string): unknown {
  // Pretty messages quote the lines around a mistake, and a password may stand there; so may a cause.
  const document = parseDocument(text, { prettyErrors: false });
  const [mistake] = document.errors;
  if (mistake !== undefined) {
    const before = text.slice(0, mistake.pos[0]).split('\n');
    throw new BusbarError(
      'CONFIG_FILE',
      `${path} is not YAML: ${mistake.code} in line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`,
    );
  }
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch {
    throw new BusbarError('CONFIG_FILE', `${path} is not usable YAML: an alias refers to nothing, or there are too many`);
  }
}
