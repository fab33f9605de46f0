// The arrows of the house as one table, and the lint rules that follow from it.
//
//   node scripts/architecture.mjs            compares oxlint.architecture.json with the table
//   node scripts/architecture.mjs --write    writes it

import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/**
 * What a folder or file of `src/` may import, besides itself. Arrows are followed: a folder may also import what the
 * folders it names may import. A folder that is not named here fails the architecture test.
 */
export const arrows = {
  'errors.ts': [],
  'maybe-promise.ts': [],
  telemetry: ['errors.ts', 'maybe-promise.ts'],
  config: ['errors.ts', 'maybe-promise.ts'],
  event: ['telemetry', 'config'],
  store: ['telemetry', 'config'],
  // The store's transaction is part of what a handler is given, and the handler's context belongs to the bus.
  bus: ['event', 'store'],
  schema: ['event'],
  codec: ['schema'],
  policy: ['event'],
  kafka: ['event'],
  outbound: ['bus', 'codec', 'kafka', 'store'],
  'dead-letter': ['outbound'],
  inbound: ['dead-letter', 'policy'],
  processor: ['inbound'],
  bridge: ['inbound'],
  replay: ['processor', 'bridge'],
  // Which Kafka an application talks to is decided when it is put together, so nothing below knows the choices.
  'kafka/compression': ['kafka'],
  'kafka/kafkajs': ['kafka', 'kafka/compression'],
  'kafka/embedded': ['kafka'],
  'kafka/simulated': ['kafka'],
  service: ['replay', 'kafka/kafkajs', 'kafka/embedded', 'kafka/simulated'],
  http: ['service'],
  cli: ['service'],
  testing: ['service'],
  subpaths: ['http', 'cli', 'testing'],
};

/** Libraries that only these places of `src/` may import. A place is a folder or, with its extension, a file. */
export const libraries = {
  kafkajs: ['kafka/kafkajs'],
  snappyjs: ['kafka/compression'],
  'lz4-napi': ['kafka/compression'],
  '@bokuweb/zstd-wasm': ['kafka/compression'],
  eventemitter3: ['telemetry'],
  cockatiel: ['outbound'],
  avsc: ['codec', 'schema'],
  inversify: ['service'],
  fastify: ['http'],
};

/** What stands beside `src/` and uses the package as everybody does: by its name. */
const outside = {
  processors: ['src', 'test', 'dist', 'examples', 'bench', 'scripts'],
  examples: ['src', 'test', 'dist', 'processors', 'bench', 'scripts'],
};

/** The folders that `folder` may import, arrows followed. */
export function reachable(folder) {
  const found = new Set([folder]);
  for (const each of found) for (const next of arrows[each]) found.add(next);
  return found;
}

const WHERE = 'scripts/architecture.mjs has the table.';
const UP = String.raw`^(?:\.\.?/)+`;

const LEAVING_SRC = {
  regex: `${UP}(?:processors|examples|test|bench|scripts|dist)/`,
  message: 'src/ imports nothing that stands outside of it.',
};
const INDEX = { regex: `${UP}index\\.js$`, message: 'The entry point is for applications; import the file that has it.' };
const SELF = { regex: '^busbar(?:/|$)', message: 'src/ imports itself by relative paths.' };

/** A specifier that leads to `target` from a file in `folder`, at any depth. */
function leadsTo(target, folder) {
  if (target.endsWith('.ts')) return `${UP}${target.slice(0, -'.ts'.length)}\\.js$`;
  const [parent, child] = target.split('/');
  if (child === undefined) return `${UP}${target}/`;
  const near = folder === parent || folder.startsWith(`${parent}/`);
  return `${UP}${near ? `(?:${parent}/)?` : `${parent}/`}${child}/`;
}

function libraryPaths(place) {
  return Object.entries(libraries)
    .filter(([, places]) => !places.includes(place))
    .map(([name, places]) => ({ name, message: `Only src/${places.join(' and src/')} may import ${name}. ${WHERE}` }));
}

function restrict(files, paths, patterns) {
  return { files, rules: { 'no-restricted-imports': ['error', { paths, patterns }] } };
}

function insideOverride(folder) {
  const allowed = reachable(folder);
  const forbidden = Object.keys(arrows).filter((target) => {
    const [parent] = target.split('/');
    return !allowed.has(target) && (parent === target || allowed.has(parent));
  });
  const patterns = forbidden.map((target) => ({
    regex: leadsTo(target, folder),
    message: `src/${folder} may not import src/${target}: imports point one way. ${WHERE}`,
  }));
  return restrict([folder.endsWith('.ts') ? `src/${folder}` : `src/${folder}/**`], libraryPaths(folder), [
    ...patterns,
    LEAVING_SRC,
    INDEX,
    SELF,
  ]);
}

function fileOverride(file) {
  const folder = Object.keys(arrows).findLast((each) => file.startsWith(`${each}/`));
  const { rules } = insideOverride(folder);
  const [severity, { patterns }] = rules['no-restricted-imports'];
  const paths = libraryPaths(folder).filter(({ name }) => !libraries[name].includes(file));
  return { files: [`src/${file}`], rules: { 'no-restricted-imports': [severity, { paths, patterns }] } };
}

function outsideOverride(folder) {
  const paths = Object.keys(libraries)
    .filter((name) => name !== 'inversify')
    .map((name) => ({ name, message: `${folder}/ uses only the public API of busbar. ${WHERE}` }));
  const patterns = [
    { regex: `${UP}(?:${outside[folder].join('|')})/`, message: `${folder}/ imports busbar by its name and nothing beside it. ${WHERE}` },
  ];
  return restrict([`${folder}/**`], paths, patterns);
}

/** The lint configuration that says the same as the table. Of two overrides for one file the later counts. */
export function lintConfiguration() {
  const folders = Object.keys(arrows).toSorted((one, other) => one.split('/').length - other.split('/').length);
  const files = [...new Set(Object.values(libraries).flat())].filter((place) => place.endsWith('.ts'));
  const overrides = [
    restrict(['src/*.ts'], libraryPaths(''), [LEAVING_SRC, SELF]),
    ...folders.map(insideOverride),
    ...files.map(fileOverride),
    ...Object.keys(outside).map(outsideOverride),
  ];
  return { overrides };
}

const TARGET = new URL('../oxlint.architecture.json', import.meta.url);

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const text = `${JSON.stringify(lintConfiguration(), null, 2)}\n`;
  if (process.argv.includes('--write')) {
    writeFileSync(TARGET, text);
  } else if (readFileSync(TARGET, 'utf8') !== text) {
    console.error('oxlint.architecture.json is not what scripts/architecture.mjs says: node scripts/architecture.mjs --write');
    process.exitCode = 1;
  }
}
