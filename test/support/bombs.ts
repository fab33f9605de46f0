import { gzipSync } from 'node:zlib';

import { lz4 } from '../../src/kafka/compression/lz4.js';

const MEBI = 1024 * 1024;

/** A number as snappy announces lengths. */
function announced(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 0x80);
  return Buffer.from([...bytes, rest]);
}

function repeated(part: Buffer, times: number): Buffer {
  return Buffer.alloc(part.length * times, part);
}

/** Raw zeros as snappy: a literal of one, then copies of 64 that begin one byte back. */
function snappyZeros(mebibytes: number): Buffer {
  const copies = (mebibytes * MEBI - 64) / 64;
  return Buffer.concat([announced(mebibytes * MEBI - 63), Buffer.from([0, 0]), repeated(Buffer.from([0xfe, 1, 0]), copies)]);
}

function xerial(blocks: readonly Buffer[]): Buffer {
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  return Buffer.concat([header, ...blocks.flatMap((block) => [int32(block.length), block])]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** A zstd frame: `descriptor` is what follows the magic number, `blocks` so many times 128 KiB of zeros. */
function zstdZeros(descriptor: readonly number[], blocks: number): Buffer {
  // Three bytes of header, the length from the fourth bit on, type 1: repeat the byte behind it.
  const block = (isLast: boolean): Buffer => Buffer.from([(isLast ? 1 : 0) | 2, 0, 0x10, 0]);
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...descriptor]), repeated(block(false), blocks - 1), block(true)]);
}

async function lz4Zeros(mebibytes: number): Promise<Buffer> {
  const frame = await lz4.compress(Buffer.alloc(4 * MEBI));
  const block = frame.subarray(7, -4);
  return Buffer.concat([frame.subarray(0, 7), repeated(block, mebibytes / 4), Buffer.alloc(4)]);
}

/** Small batches that inflate to a gibibyte, or announce so much; each way of compressing has several ways to do it. */
export const BOMBS = {
  gzip: {
    'a thousand members of a mebibyte': () => repeated(gzipSync(Buffer.alloc(MEBI)), 1024),
  },
  snappy: {
    'one block': () => snappyZeros(1024),
    'blocks of a mebibyte': () => xerial(Array.from({ length: 1024 }, () => snappyZeros(1))),
    'an announcement of 4 GiB and nothing else': () => announced(2 ** 32 - 1),
  },
  lz4: {
    'full blocks': () => lz4Zeros(1024),
  },
  zstd: {
    'repeated bytes': () => zstdZeros([0x00, 0x70], 8192),
    'a frame that says how long it is': () => zstdZeros([0xa0, 0, 0, 0, 0x40], 8192),
    'many frames': () => repeated(zstdZeros([0x00, 0x70], 8), 1024),
    'a length of 2^60': () => zstdZeros([0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10], 1),
  },
} as const satisfies Record<string, Record<string, () => Buffer | Promise<Buffer>>>;
