/** One after the other they are a batch. */
export interface Frame {
  readonly frame: Buffer;
  /** What it inflates to at most, in bytes. */
  readonly most: number;
}

const MAGIC = 0xfd2fb528;
/** The sixteen magic numbers of frames that hold something else, without their last four bits. */
const SKIPPED = 0x184d2a5;
const SIZE_BYTES = [0, 2, 4, 8];
const DICTIONARY_BYTES = [0, 1, 2, 4];
/** No block inflates to more. */
const MOST_OF_A_BLOCK = 128 * 1024;
/** Kinds of blocks: as it is, one byte so and so often, compressed. */
const RAW = 0;
const REPEATED = 1;

/**
 * The frames of a batch and how large they can be, by what their blocks say of themselves; nothing is inflated for it. Throws
 * `RangeError` for what is none, or says that it inflates to more than its blocks can.
 * https://datatracker.ietf.org/doc/html/rfc8878#section-3.1
 */
export function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes.readUInt32LE(at) >>> 4 === SKIPPED) {
      at += 8 + bytes.readUInt32LE(at + 4);
      continue;
    }
    const { most, end } = frameAt(bytes, at);
    frames.push({ frame: bytes.subarray(at, end), most });
    at = end;
  }
  return frames;
}

function frameAt(bytes: Buffer, start: number): { most: number; end: number } {
  if (bytes.readUInt32LE(start) !== MAGIC) throw new RangeError('it does not begin as a frame does');
  const flags = bytes.readUInt8(start + 4);
  const isOneSegment = (flags & 0x20) !== 0;
  const sizeBytes = Math.max(SIZE_BYTES[flags >> 6]!, isOneSegment ? 1 : 0);
  const sizeAt = start + 5 + (isOneSegment ? 0 : 1) + DICTIONARY_BYTES[flags & 3]!;
  let most = 0;
  let at = sizeAt + sizeBytes;
  for (let isLast = false; !isLast;) {
    const header = bytes.readUIntLE(at, 3);
    const kind = (header >> 1) & 3;
    const length = header >> 3;
    isLast = (header & 1) !== 0;
    most += kind === RAW || kind === REPEATED ? length : MOST_OF_A_BLOCK;
    at += 3 + (kind === REPEATED ? 1 : length);
  }
  const end = at + (flags & 0x04 ? 4 : 0);
  if (end > bytes.length) throw new RangeError('it is cut off');
  if (sizeBytes > 0 && sizeOf(bytes, sizeAt, sizeBytes) > most) throw new RangeError('it says to be longer than it can be');
  return { most, end };
}

function sizeOf(bytes: Buffer, at: number, length: number): number {
  if (length === 8) return Number(bytes.readBigUInt64LE(at));
  return bytes.readUIntLE(at, length) + (length === 2 ? 256 : 0);
}
