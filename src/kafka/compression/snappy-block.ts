/** From here on a copy in one call is quicker than byte by byte. */
const LONG = 48;

/** Bytes behind the tag that say how far back a copy begins, by kind of tag. */
const OFFSET_BYTES = [0, 1, 2, 4];

/** The length that a block announces, and where its elements begin. Throws `RangeError` when it does not say. */
export function announced(block: Buffer): { readonly length: number; readonly from: number } {
  let length = 0;
  // Seven bits to a byte, the lowest first, 32 bits in all.
  for (let at = 0; at < 5; at++) {
    const byte = block.readUInt8(at);
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { length, from: at + 1 };
  }
  throw new RangeError('the length of a block is too long');
}

/**
 * Inflates one block into the bytes of `out` from `start` to `end`, and exactly those. Throws `RangeError` when it is damaged: what
 * the block says is not believed. https://github.com/google/snappy/blob/main/format_description.txt
 */
export function inflateBlock(block: Buffer, from: number, out: Buffer, start: number, end: number): void {
  let at = from;
  let to = start;
  while (at < block.length) {
    const tag = block[at++]!;
    const kind = tag & 3;
    if (kind === 0) {
      let length = (tag >> 2) + 1;
      if (length > 60) {
        const bytes = length - 60;
        length = block.readUIntLE(at, bytes) + 1;
        at += bytes;
      }
      if (at + length > block.length || to + length > end) throw new RangeError('a literal is too long');
      if (length < LONG) for (let i = 0; i < length; i++) out[to + i] = block[at + i]!;
      else block.copy(out, to, at, at + length);
      at += length;
      to += length;
    } else {
      const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
      const bytes = OFFSET_BYTES[kind]!;
      const offset = block.readUIntLE(at, bytes) + (kind === 1 ? (tag >> 5) * 256 : 0);
      at += bytes;
      if (offset === 0 || offset > to - start || to + length > end) throw new RangeError('a copy leaves its block');
      // It may overlap with what it writes, and then repeats it.
      if (length < LONG || offset < length) for (let i = 0; i < length; i++) out[to + i] = out[to + i - offset]!;
      else out.copyWithin(to, to - offset, to - offset + length);
      to += length;
    }
  }
  if (to !== end) throw new RangeError('a block is shorter than it says');
}
