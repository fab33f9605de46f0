// Whole numbers as Kafka's record format has them: zigzag, seven bits in a byte, the lowest first.

const INT_31 = 2 ** 30;

/** Bytes that `value` takes; -2^31 <= value < 2^31. */
export function sizeOfVarint(value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let size = 1;
  while (rest > 127) {
    rest >>>= 7;
    size++;
  }
  return size;
}

/** Writes `value`, -2^31 <= value < 2^31, and returns where the next byte goes. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let next = at;
  while (rest > 127) {
    bytes[next++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[next++] = rest;
  return next;
}

/** Bytes that `value` takes, as `writeVarlong` writes it. */
export function sizeOfVarlong(value: number): number {
  if (value >= -INT_31 && value < INT_31) return sizeOfVarint(value);
  let rest = zigzag64(value);
  let size = 1;
  while (rest > 127n) {
    rest >>= 7n;
    size++;
  }
  return size;
}

/** Writes an integer that is exact, |value| < 2^53, and returns where the next byte goes. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  if (value >= -INT_31 && value < INT_31) return writeVarint(bytes, at, value);
  let rest = zigzag64(value);
  let next = at;
  while (rest > 127n) {
    bytes[next++] = Number(rest & 127n) | 128;
    rest >>= 7n;
  }
  bytes[next++] = Number(rest);
  return next;
}

function zigzag64(value: number): bigint {
  const long = BigInt(value);
  return BigInt.asUintN(64, (long << 1n) ^ (long >> 63n));
}
