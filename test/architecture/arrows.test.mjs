import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { arrows, libraries, lintConfiguration, reachable } from '../../scripts/architecture.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const rootFiles = Object.keys(arrows).filter((place) => place.endsWith('.ts'));
const folders = Object.keys(arrows).filter((place) => !place.endsWith('.ts'));

/** Lints `files` (path -> text) under the rules of the repository and returns `path: rule: message` of each finding. */
function lint(house, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(house, path)), { recursive: true });
    writeFileSync(join(house, path), text);
  }
  const { stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/oxlint'), ['--format', 'json'], {
    cwd: house,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` },
  });
  if (!stdout.startsWith('{')) throw new Error(`oxlint did not run: ${stdout}${stderr}`);
  return JSON.parse(stdout).diagnostics.map(({ filename, code, message, help }) => `${filename}: ${code}: ${help ?? message}`);
}

describe('the architecture table', () => {
  test('names every folder of src/, and every file but the entry points', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const entryPoints = Object.values(exports).map((target) => target.replace(/^\.\/dist\/src\/(.*)\.js$/, '$1.ts'));
    for (const { name } of readdirSync(join(root, 'src'), { withFileTypes: true }))
      expect([...Object.keys(arrows), ...entryPoints]).toContain(name);
  });

  test('has no circle', () => {
    const folders = Object.keys(arrows);
    const circles = folders.flatMap((one) =>
      folders.filter((other) => one !== other && reachable(one).has(other) && reachable(other).has(one)),
    );
    expect(circles).toEqual([]);
  });

  test('is explained in CONTRIBUTING.md, folder by folder', () => {
    const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
    for (const folder of Object.keys(arrows)) expect(page).toContain(folder.endsWith('.ts') ? `\`src/${folder}\`` : `\`src/${folder}/\``);
  });

  test('is what the lint configuration says', () => {
    expect(JSON.parse(readFileSync(join(root, 'oxlint.architecture.json'), 'utf8'))).toEqual(lintConfiguration());
  });
});

describe('a planted violation is reported', () => {
  let house;
  beforeEach(() => {
    house = mkdtempSync(join(tmpdir(), 'busbar-house-'));
    for (const file of ['.oxlintrc.json', 'oxlint.architecture.json', 'tsconfig.json']) cpSync(join(root, file), join(house, file));
    writeFileSync(join(house, 'package.json'), '{"type":"module"}');
    symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'));
  });
  afterEach(() => rmSync(house, { recursive: true, force: true }));

  const thing = 'export const thing = 1;\n';
  const importing = (specifier) => `import { thing } from '${specifier}';\nexport const used = thing;\n`;

  test('against every arrow of the table, and not one along an arrow', () => {
    const files = Object.fromEntries(folders.map((folder) => [`src/${folder}/thing.ts`, thing]));
    for (const file of rootFiles) files[`src/${file}`] = thing;
    const expected = [];
    for (const folder of folders) {
      for (const target of Object.keys(arrows).filter((each) => each !== folder)) {
        const path = `src/${folder}/to-${target.replace('/', '-')}.ts`;
        const specifier = rootFiles.includes(target) ? target.replace('.ts', '.js') : `${target}/thing.js`;
        files[path] = importing('../'.repeat(folder.split('/').length) + specifier);
        if (!reachable(folder).has(target)) expected.push(path);
      }
    }
    const found = lint(house, files).filter((line) => line.includes('no-restricted-imports'));
    expect(expected.length).toBeGreaterThan(200);
    expect(found.map((line) => line.split(':')[0]).toSorted()).toEqual(expected.toSorted());
  });

  test('when a file that stands under everything imports something', () => {
    const files = Object.fromEntries(rootFiles.map((file) => [`src/${file}`, importing('./kafka/thing.js')]));
    const found = lint(house, { ...files, 'src/kafka/thing.ts': thing }).filter((line) => line.includes('no-restricted-imports'));
    expect(found.map((line) => line.split(':')[0]).toSorted()).toEqual(Object.keys(files).toSorted());
  });

  test('also from a file deep in a folder, by import type, re-export and import()', () => {
    const found = lint(house, {
      'src/kafka/thing.ts': thing,
      'src/bus/a/b/value.ts': importing('../../../kafka/thing.js'),
      'src/bus/a/b/type.ts': `import type { thing } from '../../../kafka/thing.js';\nexport type Thing = typeof thing;\n`,
      'src/bus/a/b/again.ts': `export { thing } from '../../../kafka/thing.js';\n`,
      'src/bus/a/b/star.ts': `export * from '../../../kafka/thing.js';\n`,
      'src/bus/a/b/later.ts': `export const later = (): Promise<unknown> => import('../../../kafka/thing.js');\n`,
      'src/bus/a/b/inline.ts': `export type Thing = typeof import('../../../kafka/thing.js');\n`,
    });
    for (const name of ['value', 'type', 'again', 'star', 'later']) {
      expect(found).toContainEqual(
        expect.stringMatching(`^src/bus/a/b/${name}\\.ts: eslint\\(no-restricted-imports\\): .*src/bus may not import src/kafka`),
      );
    }
    expect(found).toContainEqual(expect.stringMatching(/^src\/bus\/a\/b\/inline\.ts: /));
  });

  test('when kafka/ reaches into one of its own drivers', () => {
    const found = lint(house, {
      'src/kafka/kafkajs/thing.ts': thing,
      'src/kafka/topics.ts': importing('./kafkajs/thing.js'),
      'src/kafka/embedded/broker.ts': importing('../kafkajs/thing.js'),
    });
    expect(
      found
        .filter((line) => line.includes('no-restricted-imports'))
        .map((line) => line.split(':')[0])
        .toSorted(),
    ).toEqual(['src/kafka/embedded/broker.ts', 'src/kafka/topics.ts']);
  });

  test('when a library is imported elsewhere than where it belongs', () => {
    const files = {};
    const expected = [];
    for (const folder of folders) {
      for (const [library, places] of Object.entries(libraries)) {
        const path = `src/${folder}/${library}.ts`;
        files[path] = `import '${library}';\n`;
        if (!places.includes(folder)) expected.push(path);
      }
    }
    files['src/index.ts'] = `import 'kafkajs';\n`;
    expected.push('src/index.ts');
    const found = lint(house, files).filter((line) => line.includes('no-restricted-imports'));
    expect(found.map((line) => line.split(':')[0]).toSorted()).toEqual(expected.toSorted());
  });

  test('when src/ leaves its house or goes through its own front door', () => {
    const found = lint(house, {
      'processors/thing.ts': thing,
      'examples/thing.ts': thing,
      'test/thing.ts': thing,
      'src/index.ts': thing,
      'src/service/processors.ts': importing('../../processors/thing.js'),
      'src/service/examples.ts': importing('../../examples/thing.js'),
      'src/service/test.ts': importing('../../test/thing.js'),
      'src/service/front.ts': importing('../index.js'),
      'src/service/self.ts': importing('busbar'),
    }).filter((line) => line.includes('no-restricted-imports'));
    expect(found.map((line) => line.split(':')[0]).toSorted()).toEqual(
      ['examples', 'front', 'processors', 'self', 'test'].map((name) => `src/service/${name}.ts`),
    );
  });

  test('when processors/ or examples/ go past the public API', () => {
    const found = lint(house, {
      'src/index.ts': thing,
      'processors/debate/good.ts': `import 'busbar';\nimport 'busbar/store';\nimport 'inversify';\n`,
      'processors/debate/inside.ts': importing('../../src/index.js'),
      'processors/debate/compiled.ts': importing('../../dist/src/index.js'),
      'processors/debate/client.ts': `import 'kafkajs';\n`,
      'examples/01.ts': importing('../src/index.js'),
      'examples/02.ts': importing('../processors/debate/good.js'),
    }).filter((line) => line.includes('no-restricted-imports'));
    expect(found.map((line) => line.split(':')[0]).toSorted()).toEqual([
      'examples/01.ts',
      'examples/02.ts',
      'processors/debate/client.ts',
      'processors/debate/compiled.ts',
      'processors/debate/inside.ts',
    ]);
  });

  test('against a rule that keeps the code honest', () => {
    const planted = {
      'no-floating-promises': `async function work(): Promise<void> {}\nexport function start(): void {\n  work();\n}\n`,
      'no-misused-promises': `export const run = (each: () => void): void => each();\nrun(async () => {});\n`,
      'await-thenable': `export async function one(): Promise<number> {\n  return await 1;\n}\n`,
      'switch-exhaustiveness-check': `export function name(way: 'in' | 'out'): void {\n  switch (way) {\n    case 'in':\n      return;\n  }\n}\n`,
      'no-explicit-any': `export const anything: any = 1;\n`,
      'consistent-type-imports': `import { Buffer } from 'node:buffer';\nexport type Bytes = Buffer;\n`,
      'no-default-export': `const one = 1;\nexport default one;\n`,
      'no-empty': `export function quiet(): void {\n  try {\n    quiet();\n  } catch {\n  }\n}\n`,
      'no-console': `console.log('hello');\n`,
      'max-lines': `${'export {};\n'.repeat(301)}`,
    };
    const found = lint(house, Object.fromEntries(Object.entries(planted).map(([rule, text]) => [`src/bus/${rule}.ts`, text])));
    for (const rule of Object.keys(planted)) {
      expect(found).toContainEqual(expect.stringMatching(`^src/bus/${rule}\\.ts: .*\\(${rule}\\)`));
    }
  });

  test('in a circle of imports', () => {
    const found = lint(house, {
      'src/bus/thing.ts': `export { used } from './other.js';\n${thing}`,
      'src/bus/other.ts': importing('./thing.js'),
    });
    expect(found).toContainEqual(expect.stringContaining('import(no-cycle)'));
  });
});
