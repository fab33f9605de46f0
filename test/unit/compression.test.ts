import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { MOST_INFLATED } from '../../src/kafka/compression/compressor.js';
import { COMPRESSORS } from '../../src/kafka/compression/compressors.js';
import { BOMBS } from '../support/bombs.js';
import { Random } from '../support/random.js';
import { ZSTD_OF_OTHERS } from '../support/zstd-samples.js';

const ALL = ['gzip', 'snappy', 'lz4', 'zstd'] as const;
/** No child takes so long unless it hangs. */
const HANG_MS = 60_000;

const chance = new Random(20_261_121);

/** What a program of test/support prints; it may not take long, nor much memory. */
async function child(program: URL, compression: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=128', fileURLToPath(program), compression], {
    timeout: HANG_MS,
  });
  return stdout;
}

const samples: readonly [string, Buffer][] = [
  ['nothing', Buffer.alloc(0)],
  ['one byte', Buffer.from('a')],
  ['events', Buffer.from(Array.from({ length: 5_000 }, (_, i) => `{"debateId":"d-${i}","outcome":"accepted"}`).join('\n'))],
  ['noise', Buffer.from(Array.from({ length: 100_000 }, () => chance.below(256)))],
  ['zeros', Buffer.alloc(9_000_000)],
];

describe.each(ALL)('%s', (name) => {
  const compressor = COMPRESSORS[name];

  it.each(samples)('gives %s back as it was', async (_, bytes) => {
    expect((await compressor.decompress(await compressor.compress(bytes))).equals(bytes)).toBe(true);
  });

  it('makes events smaller', async () => {
    const [, bytes] = samples[2]!;
    expect((await compressor.compress(bytes)).length).toBeLessThan(bytes.length / 2);
  });
});

describe('what others write', () => {
  it('in snappy without the frame that Java writes is read', async () => {
    const raw = Buffer.from([5, 4 << 2, ...Buffer.from('hello')]);
    expect(String(await COMPRESSORS.snappy.decompress(raw))).toBe('hello');
  });

  it.each(Object.entries(ZSTD_OF_OTHERS))('in zstd is read by any Node.js: %s', async (_, { bytes, text }) => {
    expect(String(await COMPRESSORS.zstd.decompress(Buffer.from(bytes, 'base64')))).toBe(text);
  });
});

describe.each(ALL)('a batch that says it is %s', (name) => {
  it('and is something else is refused', async () => {
    const refused = COMPRESSORS[name].decompress(Buffer.from('no such thing'));
    await expect(refused).rejects.toMatchObject({
      code: 'BATCH_UNREADABLE',
      message: expect.stringContaining(`13 bytes is no ${name}`) as string,
    });
  });

  it('and is damaged is read or refused in no time', async () => {
    const { tried, refused } = JSON.parse(await child(new URL('../support/damaged-child.js', import.meta.url), name)) as {
      tried: number;
      refused: number;
    };
    expect(tried).toBe(3_000);
    expect(refused).toBeGreaterThan(300);
  });

  it(
    'and would inflate to a gibibyte is refused before the memory is spent',
    async () => {
      const told = (await child(new URL('../support/bomb-child.js', import.meta.url), name))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { name: string; refusal: string; memory: number });
      expect(told.map((each) => each.name)).toEqual(Object.keys(BOMBS[name]));
      for (const each of told) {
        expect(each.refusal, each.name).toMatch(/^\[BATCH_UNREADABLE\] /);
        // What may be inflated, once more while it is put together, the bomb itself, and Node.js.
        expect(each.memory, each.name).toBeLessThan((2 * MOST_INFLATED) / 1024 / 1024 + 200);
      }
    },
    HANG_MS,
  );
});

const base64 = (program: string): string => Buffer.from(program).toString('base64');

it('a package that is not there is named, with what to do, by the batch that needs it', async () => {
  const hooks = `export function resolve(name, context, next) {
    if (['snappyjs', 'lz4-napi', '@bokuweb/zstd-wasm'].includes(name)) throw new Error('Cannot find package ' + name);
    return next(name, context);
  }`;
  const register = `import { register } from 'node:module'; register('data:text/javascript;base64,${base64(hooks)}');`;
  const program = `const { COMPRESSORS } = await import(${JSON.stringify(new URL('../../src/kafka/compression/compressors.js', import.meta.url).href)});
    for (const name of ['gzip', 'snappy', 'lz4']) {
      const bytes = Buffer.from('abc');
      console.log(await COMPRESSORS[name].compress(bytes).then(() => 'done', (error) => error.message));
    }`;
  const argv = ['--import', `data:text/javascript;base64,${base64(register)}`, '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { timeout: HANG_MS });
  expect(stdout.trim().split('\n')).toEqual([
    'done',
    expect.stringMatching(/^\[COMPRESSION_MISSING\] snappy needs the package snappyjs, .*: npm install snappyjs /),
    expect.stringMatching(/^\[COMPRESSION_MISSING\] lz4 needs the package lz4-napi, .*: npm install lz4-napi /),
  ]);
});
