import { readFileSync } from 'node:fs';

import { parseDocument } from 'yaml';

import { BusbarError } from '../errors.js';
import { objectLayer, type Layer } from './layer.js';

const WHY_NOT_READ = new Map([
  ['ENOENT', 'there is no such file'],
  ['EISDIR', 'it is a directory'],
  ['EACCES', 'this process may not read it'],
  ['ERR_INVALID_ARG_TYPE', 'its path has to be a text'],
]);

/** In words, as far as people make them. */
const WHY_NOT_YAML = new Map<string, string>([
  ['TAB_AS_INDENT', 'a tab indents, where only spaces may,'],
  ['DUPLICATE_KEY', 'a name that was there before'],
  ['BAD_INDENT', 'a line that is not indented as its neighbours'],
  ['MISSING_CHAR', 'a quote or bracket is missing'],
]);

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
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new BusbarError('CONFIG_FILE', `${path} cannot be read: ${WHY_NOT_READ.get(code) ?? code}`, { cause });
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
      `${path} is not YAML: ${WHY_NOT_YAML.get(mistake.code) ?? mistake.code} in line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`,
    );
  }
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch {
    throw new BusbarError('CONFIG_FILE', `${path} is not usable YAML: an alias refers to nothing, or there are too many`);
  }
}
